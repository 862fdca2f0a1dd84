"""The bound against what can be worked out by hand, and what it says of the rehearsed flight."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("pymavlink")

from tests.bench.bench_bound import REHEARSED, headings_deg
from tests.tracking.bound import Noises, frame_and_least_p95_m, least_cov_m2

NORTH = np.zeros(1000)
FRAMES_ALONE = Noises(
    attitude_m=0.0, attitude_s=20.0, velocity_m_s=0.0, velocity_s=15.0, frame_m=2.0
)


def test_with_a_perfect_velocity_n_frames_are_a_mean_of_n():
    cov = least_cov_m2(NORTH, 0.25, FRAMES_ALONE)
    np.testing.assert_allclose(cov[:, 0, 0], 4 / np.arange(1, 1001), rtol=1e-3)


def test_without_a_turn_a_constant_attitude_error_stays():
    askew = replace(FRAMES_ALONE, attitude_m=3.0, attitude_s=1e9)
    assert least_cov_m2(NORTH, 0.25, askew)[-1, 0, 0] == pytest.approx(9, abs=0.02)
    turning = least_cov_m2(np.arange(1000) * 3.0, 0.25, askew)[-1]
    assert np.trace(turning) / 2 < 0.1


def test_no_tracker_halves_the_error_of_the_rehearsed_flights_frames():
    """Were it reachable, what README says of it would be wrong."""
    alone_m, least_m = frame_and_least_p95_m(headings_deg(), 0.25, REHEARSED)
    assert 1.0 < alone_m / least_m < 1.3
    perfect = replace(REHEARSED, frame_m=0.01)
    assert frame_and_least_p95_m(headings_deg(), 0.25, perfect)[1] > alone_m / 1.3
