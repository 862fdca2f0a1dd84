"""Which copies are searched covers what is not known, and no more."""

import itertools
import math

import pytest

from edgegeo import copies


def test_a_sure_heading_and_scale_take_one_copy():
    (view,) = copies.views(90.0, 2.0, 0.25, 0.05, 0.3)
    assert (view.heading_deg, view.gsd_m) == (90.0, 0.25)


@pytest.mark.parametrize("sigma_deg", [5.0, 10.0, 20.0, 45.0])
def test_headings_within_two_sigma_are_near_a_copy(sigma_deg):
    headings = sorted(v.heading_deg for v in copies.views(10.0, sigma_deg, 0.25, 0.1, 0.3))
    gaps = [b - a for a, b in itertools.pairwise(headings)]
    assert max(gaps, default=0) <= 2 * copies.REACH_DEG
    assert headings[-1] + copies.REACH_DEG >= 10 + 2 * sigma_deg or len(headings) == 24


def test_a_heading_known_to_nothing_is_unknown():
    assert len(copies.views(10.0, 500.0, 0.25, 0.1, 0.3)) == 24


@pytest.mark.parametrize("sigma", [0.05, 0.1, 0.3])
def test_scales_within_two_sigma_are_near_a_copy(sigma):
    scales = sorted(v.gsd_m for v in copies.views(10.0, 1.0, 0.25, sigma, 0.3))
    assert scales[-1] * copies.SCALE_REACH >= 0.25 * math.exp(2 * sigma)
    for a, b in itertools.pairwise(scales):
        assert b / a <= copies.SCALE_REACH**2


def test_an_unknown_scale_is_searched_around_what_the_gallery_expects():
    scales = {v.gsd_m for v in copies.views(10.0, 1.0, None, 0.1, 0.3)}
    assert min(scales) < 0.2 < 0.3 < max(scales)
