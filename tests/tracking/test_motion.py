"""The way between two moments, by hand."""

import pytest

from edgegeo.sighting import Velocity
from edgegeo.tracking.motion import Leg, Motion
from edgegeo.tracking.settings import TrackSettings


def told(time_us, east, sigma=0.5):
    return Velocity(time_us=time_us, north_m_s=1.0, east_m_s=east, sigma_m_s=sigma)


def test_without_velocities_the_way_is_unknown():
    assert list(Motion(TrackSettings()).legs(0, 10**6)) == [Leg(1.0, 0.0, 0.0, None)]


def test_a_velocity_holds_until_the_next_and_then_grows_stale():
    motion = Motion(TrackSettings(velocity_stale_s=0.5))
    motion.add(told(400_000, 20.0))
    motion.add(told(0, 10.0, sigma=0.4))  # late, put in its place
    fresh, stale = motion.legs(0, 1_500_000)
    assert fresh == pytest.approx((0.9, 10 * 0.4 + 20 * 0.5, 0.9, 0.5))
    assert (stale.duration_s, stale.sigma_m_s) == (pytest.approx(0.6), None)
    assert stale.east_m == pytest.approx(12.0)


def test_forgetting_changes_no_way_that_is_still_asked_for():
    motion = Motion(TrackSettings())
    for i in range(10):
        motion.add(told(100_000 * i, float(i)))
    before = list(motion.legs(450_000, 900_000))
    motion.forget(450_000)
    assert list(motion.legs(450_000, 900_000)) == before
