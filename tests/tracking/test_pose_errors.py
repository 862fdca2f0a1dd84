"""Errors of the camera's pose: told apart from the vehicle's motion, or kept in the covariance."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo.errors import RangeError
from edgegeo.sighting import State, Velocity
from edgegeo.track import Tracker
from tests.tracking.flights import off_m, sighting

SECOND = 1_000_000


def turn(*, askew_deg=2.0, told_deg=2.0, circle_s=40.0, height_m=120.0, seconds=100.0):
    """Fly circles (or straight on) under a camera mounted askew; return the tracker, its estimate
    and where it should be. The error of the position turns with the vehicle.
    """
    tracker, at = Tracker(), np.zeros(2)
    one_m = height_m * np.radians(told_deg)
    for step in range(round(4 * seconds)):
        time_s = step / 4
        course = 2 * np.pi * time_s / circle_s
        right = np.array([np.cos(course), -np.sin(course)])
        ahead = np.array([np.sin(course), np.cos(course)])
        pose_m = ((0.0, 0.0), tuple(one_m * right), tuple(one_m * ahead)) if told_deg else ()
        off = height_m * np.radians(askew_deg) * right
        tracker.sight(sighting(round(time_s * SECOND), at + off, 2.0, 0.99, pose_m=pose_m))
        tracker.move(
            Velocity(
                time_us=round(time_s * SECOND),
                north_m_s=12 * ahead[1],
                east_m_s=12 * ahead[0],
                sigma_m_s=0.5,
            )
        )
        at = at + 3 * ahead
    return tracker.estimate(round(seconds * SECOND)), at


def test_a_camera_mounted_askew_is_found_out_by_turning():
    """At 120 m two degrees are 4.2 m to the right of the vehicle, wherever that looks."""
    estimate, at = turn()
    assert off_m(estimate, *at) < 1.0
    assert off_m(estimate, *at) < estimate.sigma_m < 2.7
    blind, at = turn(told_deg=0.0)
    assert off_m(blind, *at) > 2.5


def test_straight_on_the_error_of_the_mounting_stays_in_the_covariance():
    estimate, at = turn(circle_s=np.inf)
    assert off_m(estimate, *at) == pytest.approx(4.2, abs=1.0)
    assert 3.5 < estimate.sigma_m < 4.5
    assert turn(circle_s=np.inf, told_deg=0.0)[0].sigma_m < 2


def test_high_up_a_position_is_held_though_the_pose_leaves_it_uncertain():
    """At 800 m one degree is 14 m: less than 0.9 within 20 m, and yet the right place."""
    estimate, at = turn(askew_deg=1.0, told_deg=1.0, height_m=800.0, circle_s=np.inf)
    assert estimate.state is State.TRACKING
    assert 0.5 < estimate.probability < 0.8
    assert off_m(estimate, *at) < 1.5 * estimate.sigma_m


def test_pose_errors_that_are_none_are_refused():
    told = sighting(0, (0, 0), 1.0, pose_m=((3.0, 0.0),))
    with pytest.raises(RangeError, match="also without what pose_m"):
        Tracker().sight(replace(told, pose_m=((3.0, 0.0), (0.0, 2.0))))
    with pytest.raises(RangeError, match="heading, roll, pitch, height at most"):
        Tracker().sight(replace(told, pose_m=((0.0, 0.1),) * 5))
