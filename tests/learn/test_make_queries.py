"""Sets to mine in, of frames made and of a video."""

import csv

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")
pytest.importorskip("rasterio")

from edgegeo.datasets import open_benchmark  # noqa: E402
from edgegeo.demo.landscape import landscape  # noqa: E402
from edgegeo.errors import DataError  # noqa: E402
from edgegeo.geodesy import distance_m  # noqa: E402
from edgegeo.maps.satmap import open_maps  # noqa: E402
from training.landscapes import write_map  # noqa: E402
from training.make_queries import make_queries, queries_of_video  # noqa: E402


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    path = tmp_path_factory.mktemp("area") / "map.tif"
    write_map(path, landscape(3, 300, 0.5, 0), 0)
    return path


def rows(path):
    with path.open(newline="") as stream:
        return [*csv.DictReader(stream)]


@pytest.fixture(scope="module")
def flight(area, tmp_path_factory):
    """Eight frames straight down, north up, every second one in the table."""
    folder = tmp_path_factory.mktemp("flight")
    (raster,) = open_maps([area])
    south, west, north, east = raster.bounds
    middle = (south + north) / 2, (west + east) / 2
    writer = cv2.VideoWriter(
        str(folder / "flight.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 1, (128, 128)
    )
    lines = ["frame,lat_deg,lon_deg,heading_deg,gsd_m_per_px"]
    for number in range(8):
        at = middle[0], middle[1] + number * 1e-5
        writer.write(np.ascontiguousarray(raster.crop(*at, 64.0, 128)[0][..., ::-1]))
        if number % 2 == 0:
            lines.append(f"{number},{at[0]:.9f},{at[1]:.9f},0,0.5")
    writer.release()
    (folder / "truth.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_video_becomes_a_set_told_with_errors(area, flight, tmp_path):
    out = queries_of_video([area], flight / "flight.avi", flight / "truth.csv", tmp_path / "set")
    exact, told = rows(out / "frames/truth.csv"), rows(out / "truth.csv")
    assert [row["file"] for row in exact] == ["00000.png", "00002.png", "00004.png", "00006.png"]
    assert {row["gsd_m_per_px"] for row in exact} == {"0.500000"}
    assert all(row["heading_deg"] == "0.000" for row in exact)
    off = [(float(row["heading_deg"]) + 180) % 360 - 180 for row in told]
    assert 0 < np.abs(off).max() < 40
    assert len({row["gsd_m_per_px"] for row in told}) == 4
    benchmark = open_benchmark("truth", out)
    assert [query.block for query in benchmark.queries] == [
        "seconds 0", "seconds 2", "seconds 4", "seconds 6",
    ]  # fmt: skip
    for query in benchmark.queries:
        nearest = min(
            float(distance_m(*benchmark.gallery[row].at, *query.at)) for row in query.right
        )
        assert nearest < 20


def test_a_set_that_is_whole_is_left_alone(area, tmp_path):
    out = make_queries([area], [area], tmp_path / "set", count=2)
    before = (out / "truth.csv").read_bytes()
    assert make_queries([], [], out) == out
    assert (out / "truth.csv").read_bytes() == before


def test_a_table_without_headings_is_an_error(area, flight, tmp_path):
    table = tmp_path / "truth.csv"
    table.write_text("frame,lat_deg,lon_deg\n0,47.0,8.0\n")
    with pytest.raises(DataError, match="frame 0 lacks its heading or its scale"):
        queries_of_video([area], flight / "flight.avi", table, tmp_path / "set")
