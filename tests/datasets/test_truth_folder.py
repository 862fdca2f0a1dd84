"""Frames with a truth table over a map: tiles by the map, right by distance."""

import shutil

import cv2
import numpy as np
import pytest

from edgegeo.datasets.truth_folder import load
from edgegeo.errors import DataError
from edgegeo.geodesy import distance_m
from tests.datasets import trees


def test_tiles_are_0_8_of_the_short_side_and_overlap_by_half(tmp_path):
    benchmark = load(trees.flight(tmp_path, [("a.jpg", 0, 0, "0,1.5")]))
    tile_m = 0.8 * 1.5 * 40
    assert benchmark.gallery[0].side_m == pytest.approx(tile_m)
    assert len(benchmark.gallery) == 64  # ceil((200 - 48) / 24) + 1 = 8 a side
    at = benchmark.queries[0].at
    right = [benchmark.gallery[row].at for row in benchmark.queries[0].right]
    assert len(right) == 4
    assert all(distance_m(*place, *at) <= tile_m / 2 for place in right)


def test_a_frame_off_the_map_is_left_out(tmp_path):
    rows = [("a.jpg", 0, 0, "0,1.5"), ("b.jpg", 900, 0, "0,1.5")]
    assert load(trees.flight(tmp_path, rows)).left_out == 1


def test_frames_are_shown_north_up(tmp_path):
    root = trees.flight(tmp_path, [("a.png", 0, 0, "90,1.5")])
    picture = np.zeros((40, 50, 3), np.uint8)
    picture[:15] = 255  # the front of a frame that flies east
    (root / "frames/a.png").unlink()
    cv2.imwrite(str(root / "frames/a.png"), picture)
    rgb, valid = load(root).queries[0].picture.square(32, "stretch")
    assert valid.min() == 1
    assert rgb[:, -8:].min() == 255
    assert rgb[:, :16].max() == 0


def test_a_table_must_say_heading_and_scale(tmp_path):
    with pytest.raises(DataError, match=r"truth\.csv: 1 rows lack gsd_m_per_px"):
        load(trees.flight(tmp_path, [("a.jpg", 0, 0, "0,"), ("b.jpg", 0, 0, "0,1")]))
    with pytest.raises(DataError, match="2 rows lack heading_deg"):
        load(trees.flight(tmp_path, [("a.jpg", 0, 0, ",1"), ("b.jpg", 0, 0, ",1")]))


def test_a_folder_without_a_map_is_told_what_is_missing(tmp_path):
    (trees.flight(tmp_path, [("a.jpg", 0, 0, "0,1.5")]) / "map.tif").unlink()
    with pytest.raises(DataError, match=r"no map\.tif; expected map\.tif or a folder"):
        load(tmp_path)


def test_a_folder_of_maps_is_one_gallery(tmp_path):
    root = trees.flight(tmp_path, [("a.jpg", 0, 0, "0,1.5")])
    whole = load(root)
    (root / "map").mkdir()
    for name in ("a.tif", "b.tif"):
        shutil.copyfile(root / "map.tif", root / "map" / name)
    (root / "map.tif").unlink()
    twice = load(root)
    assert len(twice.gallery) == 2 * len(whole.gallery)
    assert len(twice.queries[0].right) == 2 * len(whole.queries[0].right)
