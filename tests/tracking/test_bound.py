"""The bound against what can be worked out by hand, and what it says of the rehearsed flight."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("pymavlink")

from edgegeo import geodesy
from edgegeo.sighting import Velocity
from edgegeo.track import Tracker
from tests.bench.bench_bound import GAP_S, REHEARSED, SECONDS, headings_deg
from tests.fly.scenes import Procedural
from tests.tracking.bound import Noises, frame_and_least_p95_m, least_cov_m2
from tests.tracking.flights import HOME, gauss_markov, sighting

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
    alone_m, least_m = frame_and_least_p95_m(headings_deg(), GAP_S, REHEARSED)
    assert 1.0 < alone_m / least_m < 1.3
    perfect = replace(REHEARSED, frame_m=0.01)
    assert frame_and_least_p95_m(headings_deg(), GAP_S, perfect)[1] > alone_m / 1.3


def errors_m(seed: int) -> tuple[list[float], list[float]]:
    """Fly the rehearsed way under the rehearsed noises; return errors and distances squared."""
    scene, tracker, rng = Procedural(), Tracker(), np.random.default_rng(seed)
    count = round(SECONDS / GAP_S)
    lean_m = gauss_markov(rng, count, GAP_S, REHEARSED.attitude_m, REHEARSED.attitude_s)
    drift = gauss_markov(rng, count, GAP_S, REHEARSED.velocity_m_s, REHEARSED.velocity_s)
    off_m, distances2 = [], []
    at, course_rad = np.zeros(2), np.radians(headings_deg(scene))
    for k, course in enumerate(course_rad):
        now_us = round(1e6 * k * GAP_S)
        body = np.array(
            [[np.cos(course), np.sin(course)], [-np.sin(course), np.cos(course)]]
        )  # columns: right, ahead
        moved = 12.0 * body[:, 1]
        east, north = moved + drift[k]
        tracker.move(
            Velocity(
                time_us=now_us,
                north_m_s=north,
                east_m_s=east,
                sigma_m_s=REHEARSED.velocity_m_s,
            )
        )
        seen = at + body @ lean_m[k] + REHEARSED.frame_m * rng.standard_normal(2)
        pose_m = ((0.0, 0.0), *(tuple(REHEARSED.attitude_m * body.T[i]) for i in (0, 1)))
        tracker.sight(sighting(now_us, seen, REHEARSED.frame_m, 0.99, pose_m=pose_m))
        estimate = tracker.estimate(now_us)
        if estimate.lat_deg is not None:
            told = geodesy.enu_from_geo(estimate.lat_deg, estimate.lon_deg, *HOME)
            off = np.array(told) - at
            ee, en, nn = estimate.cov_m2
            off_m.append(float(np.hypot(*off)))
            distances2.append(float(off @ np.linalg.solve([[ee, en], [en, nn]], off)))
        at = at + GAP_S * moved
    return off_m, distances2


@pytest.mark.slow
def test_the_tracker_comes_near_the_bound_and_knows_its_error():
    """Its settings are for any vehicle, the bound's filter knows this one: a fifth is allowed."""
    flown = [errors_m(seed) for seed in range(4)]
    error_m = np.concatenate([off for off, _ in flown])
    distance2 = np.concatenate([squared for _, squared in flown])
    _, least_m = frame_and_least_p95_m(headings_deg(), GAP_S, REHEARSED)
    assert 0.9 < np.percentile(error_m, 95) / least_m < 1.2
    assert 0.34 < np.mean(distance2 < 1) < 0.50
    assert 0.80 < np.mean(distance2 < 4) < 0.95
