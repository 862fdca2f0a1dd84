"""Which height counts, for how long, and what is said when two disagree."""

import math

import pytest

from edgegeo.errors import RangeError
from edgegeo.height import Heights, HeightSource

S = 1_000_000
RANGE, TERRAIN, RELATIVE = HeightSource


def test_the_rangefinder_is_preferred_then_terrain_then_home():
    heights = Heights()
    assert heights.at(0) is None
    heights.add(RELATIVE, 0, 100.0)
    assert heights.at(0).source is RELATIVE
    assert heights.at(0).doubtful
    heights.add(TERRAIN, 0, 101.0)
    assert heights.at(0).source is TERRAIN
    heights.add(RANGE, 0, 99.0)
    best = heights.at(0)
    assert (best.source, best.height_m, best.doubtful) == (RANGE, 99.0, False)
    assert best.sigma_m == pytest.approx(math.hypot(0.3, 0.02 * 99))
    assert best.contradiction is None


def test_a_source_that_falls_silent_gives_way():
    heights = Heights()
    heights.add(RELATIVE, 3 * S, 100.0)
    heights.add(RANGE, 3 * S, 99.0)
    assert heights.at(3 * S + 500_000).source is RANGE
    assert heights.at(3 * S + 500_001).source is RELATIVE
    assert heights.at(5 * S) is None


def test_heights_that_contradict_are_told_and_trusted_less():
    heights = Heights()
    heights.add(RANGE, 0, 60.0)
    heights.add(RELATIVE, 0, 120.0)
    height = heights.at(0)
    assert height.height_m == 60.0
    assert "rangefinder says 60.0 m, relative 120.0 m" in height.contradiction
    assert height.sigma_m == 30.0


def test_late_news_is_old_news_but_a_restarted_clock_is_not():
    heights = Heights()
    heights.add(RANGE, 10 * S, 50.0)
    heights.add(RANGE, 10 * S - 1, 40.0)
    assert heights.at(10 * S).height_m == 50.0
    heights.add(RANGE, 1 * S, 30.0)
    assert heights.at(1 * S).height_m == 30.0


def test_on_the_ground_there_is_no_height_and_nonsense_is_refused():
    heights = Heights()
    heights.add(RELATIVE, 0, -0.2)
    assert heights.at(0) is None
    with pytest.raises(RangeError, match="height_m"):
        heights.add(RANGE, 0, math.nan)
