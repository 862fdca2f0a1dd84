"""Intervals by blocks: known widths, and the exact interval where all agree."""

import numpy as np
import pytest

from edgegeo.errors import ShapeError
from edgegeo.evaluation.bootstrap import interval_of_rate, paired_difference


def test_independent_frames_give_the_binomial_width():
    flags = np.repeat([1, 0], [80, 20])
    low, high = interval_of_rate(flags, range(100))
    assert (low, high) == pytest.approx((0.72, 0.88), abs=0.015)  # 0.8 -+ 1.96 * 0.04


def test_frames_of_one_place_do_not_count_twice():
    flags = np.repeat([1, 0], [80, 20])
    single = interval_of_rate(flags, range(100))
    places = interval_of_rate(flags, [i // 5 for i in range(100)])
    assert places.high - places.low > 1.8 * (single.high - single.low)  # sqrt(5) in the limit


def test_where_all_agree_the_exact_interval_stands_in():
    low, high = interval_of_rate([0] * 450, [i // 5 for i in range(450)])
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 90))
    assert interval_of_rate([1, 1], "ab") == pytest.approx((0.025**0.5, 1))


def test_one_block_says_nothing():
    assert interval_of_rate([1, 0, 1], "aaa") == (0, 1)


def test_the_same_seed_gives_the_same_interval():
    flags = [1, 0, 1, 1, 0, 1]
    assert interval_of_rate(flags, range(6), seed=3) == interval_of_rate(flags, range(6), seed=3)


def test_a_clear_gain_and_none():
    before = np.repeat([1, 0], [60, 40])
    after = np.repeat([1, 0], [75, 25])
    gain = paired_difference(after, before, range(100))
    assert gain.mean == pytest.approx(0.15)
    assert gain.p < 0.001
    assert gain.low > 0.05
    same = paired_difference(before, before, range(100))
    assert same == (0, 0, 0, 1)


def test_p_of_a_small_gain_is_near_the_sign_test():
    # 6 frames up, 1 down: the exact two-sided sign test gives 0.125.
    after, before = np.zeros(200), np.zeros(200)
    after[:6], before[6] = 1, 1
    assert 0.02 < paired_difference(after, before, range(200)).p < 0.15


def test_lengths_must_agree():
    with pytest.raises(ShapeError):
        interval_of_rate([1, 0], "abc")
    with pytest.raises(ShapeError):
        paired_difference([1, 0], [1], "ab")
    with pytest.raises(ShapeError):
        interval_of_rate([], "")
