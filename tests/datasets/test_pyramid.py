"""Levels, tiles and their places as Game4Loc's conversion has them, by its own formulas."""

import numpy as np
import pytest

from edgegeo.datasets.mosaic import Mosaic
from edgegeo.datasets.pyramid import Chart, levels
from edgegeo.datasets.records import Geo

# Map 10 as released: 5077 x 6593 px (h, w), its corners from the table of ranges.
MAP_10 = Chart(
    Mosaic((), (0, 5077), (0, 6593)), Geo(40.355093, 115.776356), Geo(40.341475, 115.794041)
)


def test_the_second_and_third_finest_level():
    # ceil(log2(6593 / 256)) = 5, so the levels 3 and 4: shrunk 4 and 2 times.
    coarse, fine = levels(6593, 5077)
    assert (coarse.zoom, fine.zoom) == (3, 4)
    assert (coarse.columns, coarse.rows) == (7, 5)  # 1649 x 1270 px in tiles of 256
    assert (fine.columns, fine.rows) == (13, 10)  # 3297 x 2539 px


def test_a_map_of_two_tiles_has_one_level():
    assert [level.zoom for level in levels(512, 300)] == [0]


def test_the_centre_of_a_tile():
    coarse = levels(6593, 5077)[0]
    x0, y0, x1, y1 = coarse.box(2, 1)
    found = MAP_10.geo((x0 + x1) / 2, (y0 + y1) / 2)
    lat_deg = 40.355093 - (1 + 0.5) * 256 / 1270 * (40.355093 - 40.341475)
    lon_deg = 115.776356 + (2 + 0.5) * 256 / 1649 * (115.794041 - 115.776356)
    assert found == pytest.approx((lat_deg, lon_deg), abs=1e-12)


def test_pixels_are_the_inverse_of_places():
    at = MAP_10.geo(1000.0, 2000.0)
    assert MAP_10.pixels(*at) == pytest.approx([1000.0, 2000.0])


def test_right_tiles_are_those_enough_overlapped():
    level = levels(1024, 1024)[1]  # two by two tiles of 512 px
    assert [*level.tiles()] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    all_of_one = np.array([[512, 0], [1024, 0], [1024, 512], [512, 512]], np.float64)
    assert [*level.right(all_of_one, 0.39)] == [level.number(1, 0)]
    across_two = all_of_one - np.array([256, 0])  # half of either: 1/3 of the union
    assert [*level.right(across_two, 0.39)] == []
    assert [*level.right(across_two, 0.33)] == [level.number(0, 0), level.number(1, 0)]
    outside = all_of_one + np.array([5000, 0])
    assert [*level.right(outside, 0.0)] == []
