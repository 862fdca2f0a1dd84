"""DenseUAV: positions are those of folders, written with letters before the numbers."""

import pytest

from edgegeo.datasets import Convention, Geo
from edgegeo.datasets.denseuav import load, read_positions
from edgegeo.errors import DataError
from tests.datasets import trees


def test_three_heights_are_asked_and_six_pictures_are_right(tmp_path):
    benchmark = load(trees.denseuav(tmp_path))
    assert benchmark.convention is Convention.DENSEUAV
    assert [query.id[-8:] for query in benchmark.queries] == ["H100.JPG", "/H80.JPG", "/H90.JPG"]
    assert {query.right for query in benchmark.queries} == {(6, 7, 8, 9, 10, 11)}
    names = [image.id.rpartition("/")[2] for image in benchmark.gallery[:2]]
    assert names == ["H100.tif", "H100_old.tif"]


def test_latitude_comes_out_first(tmp_path):
    benchmark = load(trees.denseuav(tmp_path))
    assert benchmark.queries[0].at == Geo(lat_deg=30.325, lon_deg=120.335)
    assert benchmark.gallery[0].at == Geo(lat_deg=30.324, lon_deg=120.387)


def test_a_place_without_a_position_is_an_error(tmp_path):
    trees.denseuav(tmp_path)
    trees.image(tmp_path / "test/gallery_satellite/000001/H80.tif")
    with pytest.raises(DataError, match=r"Dense_GPS_ALL.txt lacks 1 places, the first is 000001"):
        load(tmp_path)


def test_without_the_table_there_is_no_benchmark(tmp_path):
    (trees.denseuav(tmp_path) / "Dense_GPS_ALL.txt").unlink()
    with pytest.raises(DataError, match=r"no Dense_GPS_ALL\.txt.*huggingface"):
        load(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "test/satellite/000001/H80.tif N30.3 E120.3 94.6",
        "test/satellite/000001/H80.tif E120.3 N95.0 94.6",
        "test/satellite/000001/H80.tif E120.3",
        "H80.tif E120.3 N30.3 94.6",
        "test/satellite/000001/H80.tif Eeast N30.3 94.6",
    ],
)
def test_a_line_that_says_something_else_is_named(tmp_path, line):
    path = tmp_path / "table.txt"
    path.write_text(f"\ntest/satellite/000000/H80.tif E120.3 N30.3 94.6\n{line}\n")
    with pytest.raises(DataError, match="line 3: expected"):
        read_positions(path)


def test_paths_of_windows_and_a_last_line_that_counts(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text("a\\000001\\H80.tif E120 N30 1\na/000001/H90.tif E121 N31 1\n")
    assert read_positions(path) == {"000001": Geo(31, 121)}
