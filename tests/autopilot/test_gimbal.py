"""The frames of a gimbal's yaw, flag by flag."""

import math

import numpy as np
import pytest

from edgegeo.attitude import angles, matrix, quaternion
from edgegeo.autopilot.gimbal import ned_from_gimbal, yaw_is_of_vehicle


@pytest.mark.parametrize(
    ("flags", "of_vehicle"),
    [(32, True), (64, False), (0, True), (16, False), (16 | 32, True), (16 | 64, False)],
)
def test_the_flags_say_what_yaw_counts_from(flags, of_vehicle):
    assert yaw_is_of_vehicle(flags) is of_vehicle


def test_only_the_vehicles_yaw_is_added_for_the_horizon_holds_the_rest():
    vehicle = quaternion(math.radians(20), math.radians(-10), math.radians(100))
    gimbal = quaternion(0.0, math.radians(-60), math.radians(30))
    of_vehicle = ned_from_gimbal(gimbal, vehicle, True)
    np.testing.assert_allclose(np.degrees(angles(matrix(of_vehicle))), (0, -60, 130), atol=1e-9)
    assert ned_from_gimbal(gimbal, vehicle, False) == gimbal
