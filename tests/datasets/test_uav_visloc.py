"""UAV-VisLoc: a blank in a file's name, a map in four parts, a flight without headings."""

import pytest

from edgegeo.datasets import Convention
from edgegeo.datasets.uav_visloc import load
from edgegeo.errors import DataError
from tests.datasets import trees


def test_map_09_comes_in_four_parts(tmp_path):
    benchmark = load(trees.visloc(tmp_path), "all")
    assert benchmark.convention is Convention.GAME4LOC
    # 1024 px: levels 0 and 1, one tile and two by two.
    assert [image.id for image in benchmark.gallery] == [
        "09_0_000_000.png",
        "09_1_000_000.png",
        "09_1_000_001.png",
        "09_1_001_000.png",
        "09_1_001_001.png",
    ]
    rgb, valid = benchmark.gallery[0].picture.square(64, "stretch")
    assert valid.min() == 1
    assert rgb.std() > 0


def test_a_whole_map_reads_the_same(tmp_path):
    parts = load(trees.visloc(tmp_path / "a"), "all").gallery[0].picture.square(64, "stretch")
    whole = load(trees.visloc(tmp_path / "b", parts=False), "all").gallery[0].picture
    assert (whole.square(64, "stretch")[0] == parts[0]).all()


def test_tiles_and_frames_have_places_and_sides(tmp_path):
    benchmark = load(trees.visloc(tmp_path), "all")
    # 1024 px of 0.3 m: 307 m, and halves of it.
    sides = [image.side_m for image in benchmark.gallery]
    assert sides == pytest.approx([307.2, 153.6, 153.6, 153.6, 153.6], rel=1e-3)
    assert benchmark.gallery[0].at == pytest.approx(benchmark.queries[0].at)
    south_east = benchmark.gallery[-1].at
    assert south_east.lat_deg < benchmark.queries[0].at.lat_deg
    assert south_east.lon_deg > benchmark.queries[0].at.lon_deg


def test_right_is_an_overlap_above_0_39(tmp_path):
    # 340 m up the frame covers 306 x 204 m = 62,500 m2, 0.66 of the whole map of 94,372 m2.
    root = trees.visloc(tmp_path)
    assert [query.right for query in load(root, "all").queries] == [(0,)]
    # From 170 m it covers 15,600 m2: 0.17 of the whole, and 0.11 of each quarter of it.
    table = root / "09/09.csv"
    table.write_text(table.read_text().replace(",340,", ",170,"))
    with pytest.raises(DataError, match="no query is left"):
        load(root, "all")


def test_a_frame_off_its_map_is_left_out(tmp_path):
    benchmark = load(trees.visloc(tmp_path), "all")
    assert [query.id for query in benchmark.queries] == ["09_0001.JPG"]
    assert benchmark.left_out == 1


def test_a_frame_is_searched_on_its_own_map(tmp_path):
    for name in ("11", "02", "04"):
        trees.visloc(tmp_path, name, parts=False)
    benchmark = load(tmp_path)
    assert benchmark.split == "cross-area"
    assert [query.region for query in benchmark.queries] == ["02", "04", "11"]
    assert [query.right for query in benchmark.queries] == [(0,), (5,), (10,)]
    assert benchmark.rows_of("04") == (5, 10)


def test_the_usual_split_names_the_maps_it_lacks(tmp_path):
    with pytest.raises(DataError, match=r"no 02/02\.csv, 02/drone"):
        load(trees.visloc(tmp_path))


def test_a_flight_without_headings_has_no_footprints(tmp_path):
    root = trees.visloc(tmp_path / "a", "07")
    trees.visloc(root, "09")
    table = root / "07/07.csv"
    lines = [",".join(line.split(",")[:6]) for line in table.read_text().splitlines()]
    table.write_text("\n".join(lines))
    benchmark = load(root, "all")
    assert [query.region for query in benchmark.queries] == ["09"]
    assert benchmark.left_out == 3


def test_the_blank_in_the_name_may_be_gone(tmp_path):
    root = trees.visloc(tmp_path)
    table = root / "satellite_ coordinates_range.csv"
    table.rename(root / "satellite_coordinates_range.csv")
    assert len(load(root, "all").queries) == 1
    (root / "satellite_coordinates_range.csv").unlink()
    with pytest.raises(DataError, match=r"has no satellite_ coordinates_range\.csv"):
        load(root, "all")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("satellite09.tif,30,", "satellite09.tif,north,", "LT_lat_map must be a number"),
        ("satellite09.tif,30,", "satellite09.tif,29,", "LT must be north-west of RB"),
        ("satellite09.tif", "ninth.tif", "mapname must be satellite<NN>.tif"),
        ("RB_lon_map", "RB_lon", "lacks the column RB_lon_map"),
    ],
)
def test_a_wrong_table_of_ranges_is_named(tmp_path, old, new, says):
    table = trees.visloc(tmp_path) / "satellite_ coordinates_range.csv"
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(DataError, match=says):
        load(tmp_path, "all")


def test_a_map_without_a_picture_is_an_error(tmp_path):
    root = trees.visloc(tmp_path)
    for path in (root / "09").glob("*.tif"):
        path.unlink()
    with pytest.raises(DataError, match=r"neither satellite09\.tif nor satellite09_<row>-<column>"):
        load(root, "all")
