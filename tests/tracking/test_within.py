"""The share of a Gaussian in a circle, against its closed form and against samples."""

import numpy as np
import pytest

from edgegeo.tracking.within import within


@pytest.mark.parametrize("sigma", [0.3, 1.0, 5.0, 20.0, 200.0])
def test_a_round_one_in_the_middle(sigma):
    expected = -np.expm1(-0.5 * (20 / sigma) ** 2)
    assert within(np.zeros(2), sigma**2 * np.eye(2), 20) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("mean", [(0, 0), (15, 5), (-30, 10), (400, 0)])
def test_a_long_one_anywhere(mean):
    cov = np.array([[90.0, 60.0], [60.0, 70.0]])
    drawn = np.random.default_rng(0).multivariate_normal(mean, cov, 400_000)
    share = np.mean(np.hypot(*drawn.T) <= 20)
    assert within(np.array(mean, float), cov, 20) == pytest.approx(share, abs=3e-3)
