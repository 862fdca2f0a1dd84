"""Footprints and overlaps worked by hand."""

import numpy as np
import pytest

from edgegeo.datasets.footprint import area, clip, footprint, iou
from edgegeo.geodesy import enu_from_geo

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], np.float64)
DIAMOND = np.array([[2, 0], [4, 2], [2, 4], [0, 2]], np.float64)


def test_areas():
    assert area(SQUARE) == 16
    assert area(DIAMOND) == 8
    assert area(DIAMOND[::-1]) == 8


def test_a_corner_of_a_diamond_is_a_triangle():
    # Of the box [0, 2] x [0, 2] the diamond x + y >= 2 covers one half.
    assert area(clip(DIAMOND, (0, 0, 2, 2))) == 2
    assert iou(DIAMOND, (0, 0, 2, 2)) == pytest.approx(2 / (8 + 4 - 2))


def test_what_holds_the_other_and_what_misses_it():
    assert iou(SQUARE, (1, 1, 2, 2)) == pytest.approx(1 / 16)
    assert iou(SQUARE, (-1, -1, 5, 5)) == pytest.approx(16 / 36)
    assert iou(SQUARE, (5, 5, 6, 6)) == 0
    assert iou(SQUARE, (0, 0, 4, 4)) == 1


@pytest.mark.parametrize(
    ("heading_deg", "front_left", "front_right"),
    [
        (0, (-100, 57.735), (100, 57.735)),
        (90, (57.735, 100), (57.735, -100)),
        (180, (100, -57.735), (-100, -57.735)),
    ],
)
def test_a_footprint_turns_with_the_heading(heading_deg, front_left, front_right):
    # 100 m up: 90 degrees across are 100 m to each side, 60 along 57.7 m to the front.
    lat, lon = footprint(45.0, 9.0, heading_deg, 100.0, across_deg=90.0, along_deg=60.0)
    east_m, north_m = enu_from_geo(lat, lon, 45.0, 9.0)
    assert (east_m[0], north_m[0]) == pytest.approx(front_left, abs=1e-2)
    assert (east_m[1], north_m[1]) == pytest.approx(front_right, abs=1e-2)
