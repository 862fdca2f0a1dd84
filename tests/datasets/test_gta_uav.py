"""GTA-UAV: pairs from its own tables, places from the names of its tiles."""

import json

import pytest

from edgegeo.datasets import Convention, Plane
from edgegeo.datasets.gta_uav import load, tile_centre
from edgegeo.errors import DataError
from tests.datasets import trees


def write(root, entries):
    (root / "cross-area-drone2sate-test.json").write_text(json.dumps(entries))


def test_positives_of_the_table_are_right(tmp_path):
    benchmark = load(trees.gta(tmp_path))
    assert benchmark.convention is Convention.GAME4LOC
    assert [image.id for image in benchmark.gallery] == list(trees.GTA_TILES)
    assert [query.right for query in benchmark.queries] == [(0,), (0, 2)]
    assert benchmark.queries[0].at == Plane(3633.5, 7140.6)
    assert [query.block for query in benchmark.queries] == ["500_0001", "200_0002"]


def test_a_frame_without_a_positive_is_left_out(tmp_path):
    assert load(trees.gta(tmp_path)).left_out == 1


def test_tiles_lie_where_the_examples_of_the_readme_do():
    assert tile_centre(5, 0, 10, 20) == Plane(3628.8, 7084.8)
    assert tile_centre(4, 0, 5, 10) == pytest.approx((3801.6, 7257.6))
    assert tile_centre(6, 0, 21, 40) == pytest.approx((3715.2, 6998.4))


def test_an_offset_moves_the_grid_by_256ths_of_a_tile(tmp_path):
    # zoom 6: 384 px of 0.45 m = 172.8 m a tile; half a tile on: (20 + 0.5 + 0.5) * 172.8
    assert tile_centre(6, 128, 20, 41) == pytest.approx((21 * 172.8, 42 * 172.8))
    moved = load(trees.gta(tmp_path)).gallery[2]
    assert moved.at == pytest.approx((3628.8, 7257.6))
    assert moved.side_m == pytest.approx(172.8)


def test_names_of_the_first_release_have_no_offset(tmp_path):
    trees.gta(tmp_path)
    trees.image(tmp_path / "satellite/5_12_20.png")
    tiles = {image.id: image.at for image in load(tmp_path).gallery}
    assert tiles["5_12_20.png"] == tile_centre(5, 0, 12, 20)


def test_a_positive_that_is_no_tile_is_an_error(tmp_path):
    trees.gta(tmp_path)
    write(tmp_path, [trees.gta_entry("a_b_1.png", 0, 0, ["7_0_1_1.png"])])
    with pytest.raises(DataError, match=r"entry 0: a_b_1.png has the positive tile 7_0_1_1.png"):
        load(tmp_path)


def test_a_tile_named_otherwise_is_an_error(tmp_path):
    trees.image(trees.gta(tmp_path) / "satellite/map.png")
    with pytest.raises(DataError, match=r"a tile must be named <zoom>_<offset>_<x>_<y>\.png"):
        load(tmp_path)


@pytest.mark.parametrize("entries", [{}, [{}], [3], [{"drone_img_name": "a"}]])
def test_a_table_of_another_shape_is_an_error(tmp_path, entries):
    write(trees.gta(tmp_path), entries)
    with pytest.raises(DataError, match=r"must hold a list|is not a frame of the set"):
        load(tmp_path)


def test_a_table_that_is_no_json_is_an_error(tmp_path):
    (trees.gta(tmp_path) / "cross-area-drone2sate-test.json").write_text("[{")
    with pytest.raises(DataError, match="cannot read"):
        load(tmp_path)


def test_the_other_area_has_its_own_table(tmp_path):
    with pytest.raises(DataError, match=r"no same-area-drone2sate-test\.json"):
        load(trees.gta(tmp_path), "same-area")
