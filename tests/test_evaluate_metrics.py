"""Each metric against numbers worked by hand."""

import numpy as np
import pytest

from edgegeo.errors import ShapeError
from edgegeo.evaluation import metrics


def test_recall_counts_a_frame_without_candidates_as_a_miss():
    right = [[True, False], [False, True], [False, False, True], []]
    assert metrics.recall_at(right, 1) == 0.25
    assert metrics.recall_at(right, 2) == 0.5
    assert metrics.recall_at(right, 10) == 0.75


def test_located_within_needs_both_acceptance_and_a_small_error():
    errors_m, accepted = [5.0, 5.1, 1.0, np.inf], [True, True, False, False]
    assert metrics.located_within(errors_m, accepted, 5.0).tolist() == [True, False, False, False]


def test_misleading_is_accepted_and_over_the_limit_or_not_a_number():
    errors_m, accepted = [50.0, 50.1, 99.0, np.nan], [True, True, False, True]
    assert metrics.misleading(errors_m, accepted).tolist() == [False, True, False, True]


def test_quantiles_of_nothing_are_none():
    assert metrics.quantile_m([], 0.5) is None
    assert metrics.quantile_m([1, 2, 3, 4], 0.5) == 2.5


def test_reliability_bins_and_their_mean_gap():
    table = metrics.reliability([0.0, 0.95, 1.0, 0.95, 0.31], [0, 1, 1, 0, 1])
    assert [row.frames for row in table] == [1, 0, 0, 1, 0, 0, 0, 0, 0, 3]
    assert table[9].share_right == pytest.approx(2 / 3)
    assert table[9].mean_probability == pytest.approx(2.9 / 3)
    by_hand = (0 + 0.69 + 3 * 0.3) / 5
    assert metrics.expected_calibration_error(table) == pytest.approx(by_hand)


def test_a_perfectly_calibrated_coin_has_no_error():
    table = metrics.reliability([0.5] * 4, [1, 0, 1, 0])
    assert metrics.expected_calibration_error(table) == 0


def test_reliability_refuses_lists_of_two_lengths():
    with pytest.raises(ShapeError):
        metrics.reliability([0.5], [1, 0])


def test_mahalanobis_along_a_tilted_ellipse():
    # Variance 9 along (1, 1), 1 along (1, -1).
    cov = (5.0, 4.0, 5.0)
    assert metrics.mahalanobis(3 / 2**0.5, 3 / 2**0.5, cov) == pytest.approx(1)
    assert metrics.mahalanobis(1 / 2**0.5, -1 / 2**0.5, cov) == pytest.approx(1)
    assert metrics.mahalanobis(1, 1, (1.0, 1.0, 1.0)) == np.inf
    assert metrics.mahalanobis(1, 1, (-1.0, 0.0, -1.0)) == np.inf


def test_a_gaussian_fills_its_ellipses_as_it_should():
    rng = np.random.default_rng(0)
    cov = np.array([[5.0, 4.0], [4.0, 5.0]])
    draws = rng.multivariate_normal([0, 0], cov, 20_000)
    sigmas = [metrics.mahalanobis(e, n, (5.0, 4.0, 5.0)) for e, n in draws]
    assert metrics.coverage(sigmas, 1) == pytest.approx(0.393, abs=0.012)
    assert metrics.coverage(sigmas, 2) == pytest.approx(0.865, abs=0.012)
    assert metrics.coverage([], 1) is None
