"""Which views and crops are looked for covers what is not known, and no more."""

import itertools
import math

import numpy as np
import pytest

from edgegeo import copies
from edgegeo.copies import Look
from edgegeo.rectify import View

TILE_M = 48.0


@pytest.mark.parametrize("sigma_deg", [2.0, 10.0])
def test_a_heading_and_scale_known_as_usual_take_one_view(sigma_deg):
    (view,) = copies.views(90.0, sigma_deg, 0.25, 0.1, 0.3)
    assert (view.heading_deg, view.gsd_m) == (90.0, 0.25)


@pytest.mark.parametrize("sigma_deg", [5.0, 10.0, 11.0, 20.0, 45.0, 70.0])
def test_headings_within_two_sigma_are_near_a_view(sigma_deg):
    headings = sorted(v.heading_deg for v in copies.views(10.0, sigma_deg, 0.25, 0.1, 0.3))
    gaps = [b - a for a, b in itertools.pairwise(headings)]
    assert max(gaps, default=0) <= 2 * copies.REACH_DEG
    around = len(headings) == copies.UNKNOWN_HEADINGS
    assert headings[-1] + copies.REACH_DEG >= 10 + 2 * sigma_deg or around


@pytest.mark.parametrize(("heading_deg", "sigma_deg"), [(None, 10.0), (10.0, 500.0)])
def test_a_heading_known_to_nothing_is_looked_for_all_around(heading_deg, sigma_deg):
    headings = sorted(v.heading_deg for v in copies.views(heading_deg, sigma_deg, 0.25, 0.1, 0.3))
    assert len(headings) == 8
    gaps = [b - a for a, b in itertools.pairwise([*headings, headings[0] + 360])]
    assert max(gaps) <= 2 * copies.REACH_DEG


@pytest.mark.parametrize("sigma", [0.05, 0.1, 0.3])
def test_scales_within_two_sigma_are_near_a_view(sigma):
    scales = sorted(v.gsd_m for v in copies.views(10.0, 1.0, 0.25, sigma, 0.3))
    assert scales[-1] * copies.SCALE_REACH >= 0.25 * math.exp(2 * sigma)
    for a, b in itertools.pairwise(scales):
        assert b / a <= copies.SCALE_REACH**2


def test_an_unknown_scale_is_searched_around_what_the_gallery_expects():
    scales = {v.gsd_m for v in copies.views(10.0, 1.0, None, 0.1, 0.3)}
    assert min(scales) < 0.2 < 0.3 < max(scales)


def crops(width_m, height_m, heading_deg=0.0, tile_m=TILE_M):
    """Looks into a frame of so many metres, at 0.1 m a pixel."""
    shape_hw = round(height_m / 0.1), round(width_m / 0.1)
    return copies.looks([View(heading_deg, 0.1)], shape_hw, tile_m)


def test_crops_lie_in_the_corners_by_hand():
    # 80 x 60 m under tiles of 48 m: 16 and 6 m are left on each side of the middle.
    looks = crops(80, 60)
    assert [look.right_m for look in looks] == pytest.approx([-16, 16, -16, 16])
    assert [look.forward_m for look in looks] == pytest.approx([-6, -6, 6, 6])
    assert [look.crop for look in looks] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("width_m", "height_m", "expected"),
    [
        (40, 30, [0]),  # smaller than a tile
        (52.7, 52.7, [0]),  # a tenth of a tile larger is not worth another crop
        (80, 50, [0, 1]),
        (50, 80, [0, 2]),
        (52.9, 52.9, [0, 1, 2, 3]),
    ],
)
def test_a_frame_no_larger_than_a_tile_is_one_crop_and_each_side_counts(
    width_m, height_m, expected
):
    looks = crops(width_m, height_m)
    assert [look.crop for look in looks] == expected
    assert all(look.right_m == 0 for look in looks) == (width_m < 1.1 * TILE_M)
    assert all(look.forward_m == 0 for look in looks) == (height_m < 1.1 * TILE_M)


def test_crops_of_a_huge_frame_stay_near_its_middle():
    assert {abs(look.right_m) for look in crops(1000, 60)} == {copies.MAX_OFFSET * TILE_M}


def test_no_ground_of_a_frame_under_two_tiles_a_side_is_left_out():
    """But for the half of MIN_APART on each side that is not worth a crop; nor is more looked at
    than the frame, where it is a tile or larger. Tiles are north up: seen at right angles."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        sides_m = rng.uniform(0.4, 2.0, 2) * TILE_M
        heading_deg = 90.0 * int(rng.integers(4))
        looks = crops(*sides_m, heading_deg)
        sides_m = np.round(sides_m / 0.1) * 0.1
        shown_m = sides_m[::-1] if heading_deg % 180 else sides_m  # east, north
        ground_m = rng.uniform(-0.5, 0.5, (400, 2)) * shown_m
        centres_m = np.stack([look.offset_m() for look in looks])
        away_m = np.abs(ground_m[:, None] - centres_m).max(axis=2).min(axis=1)
        assert away_m.max() <= (1 + copies.MIN_APART) * TILE_M / 2 + 1e-6
        reach_m = np.abs(centres_m).max(axis=0) + TILE_M / 2
        assert (reach_m <= np.maximum(shown_m, TILE_M) / 2 + 1e-6).all()


def test_every_view_has_the_crops_of_its_scale():
    near, far = View(0.0, 0.1), View(90.0, 0.2)
    looks = copies.looks([near, far], (450, 450), TILE_M)  # 45 and 90 m a side
    assert [(look.view, look.crop) for look in looks] == [
        (near, 0),
        *((far, crop) for crop in range(4)),
    ]


@pytest.mark.parametrize(
    ("heading_deg", "east_m", "north_m"),
    [(0, 3, 4), (90, 4, -3), (180, -3, -4), (270, -4, 3), (45, 7 * 0.5**0.5, 0.5**0.5)],
)
def test_offsets_turn_with_the_heading(heading_deg, east_m, north_m):
    look = Look(View(heading_deg, 0.1), right_m=3.0, forward_m=4.0)
    assert look.offset_m().tolist() == pytest.approx([east_m, north_m])


def test_offsets_under_other_headings_and_scales_at_once():
    look = Look(View(80.0, 0.1), right_m=0.0, forward_m=10.0)
    found = look.offset_m(np.array([10.0, -80.0]), np.array([1.1, 0.9]))
    np.testing.assert_allclose(found, [[11.0, 0.0], [0.0, 9.0]], atol=1e-9)
    np.testing.assert_allclose(
        look.offset_m(np.array([10.0, -80.0])), [[10, 0], [0, 10]], atol=1e-9
    )
