"""Turns by hand, and what the buffer tells at, between and beyond its samples."""

import math

import numpy as np
import pytest

from edgegeo import attitude
from edgegeo.attitude import Attitudes, quaternion
from edgegeo.errors import RangeError
from edgegeo.rectify import _ned_from_body

MS = 1000


def yaw_deg(q):
    return math.degrees(attitude.angles(attitude.matrix(q))[2])


def turning(*samples):
    """(ms, yaw in degrees) each."""
    buffer = Attitudes()
    for at_ms, yaw in samples:
        buffer.add(at_ms * MS, quaternion(0, 0, math.radians(yaw)))
    return buffer


@pytest.mark.parametrize("degrees", [(10, -20, 30), (-5, 40, 200), (0, 0, 359), (30, 0, -90)])
def test_the_conventions_are_those_of_rectify(degrees):
    roll, pitch, yaw = (math.radians(a) for a in degrees)
    turn = attitude.matrix(quaternion(roll, pitch, yaw))
    np.testing.assert_allclose(turn, _ned_from_body(degrees[2], degrees[0], degrees[1]), atol=1e-12)
    again = attitude.angles(turn)
    np.testing.assert_allclose(
        np.exp(1j * np.array(again)), np.exp(1j * np.array([roll, pitch, yaw]))
    )


def test_products_turn_the_right_one_first():
    a, b = quaternion(0.1, -0.4, 2.0), quaternion(-0.7, 0.2, 0.5)
    np.testing.assert_allclose(
        attitude.matrix(attitude.product(a, b)), attitude.matrix(a) @ attitude.matrix(b), atol=1e-12
    )


def test_halfway_between_two_samples_also_across_north():
    assert yaw_deg(turning((0, 350), (100, 10)).at(50 * MS)) == pytest.approx(0, abs=1e-6)
    assert yaw_deg(turning((0, 170), (100, -170)).at(25 * MS)) == pytest.approx(175)


def test_q_and_minus_q_are_the_same_attitude():
    buffer = Attitudes()
    buffer.add(0, quaternion(0, 0, 0.2))
    buffer.add(100 * MS, tuple(-v for v in quaternion(0, 0, 0.4)))
    assert math.radians(yaw_deg(buffer.at(50 * MS))) == pytest.approx(0.3)


def test_the_turn_goes_on_a_little_and_no_further():
    buffer = turning((0, 0), (100, 10))
    assert yaw_deg(buffer.at(150 * MS)) == pytest.approx(15)
    assert buffer.at(161 * MS) is None
    assert buffer.at(-1) is None
    assert Attitudes().at(0) is None


def test_a_long_hole_is_not_bridged():
    buffer = turning((0, 0), (400, 10))
    assert buffer.at(200 * MS) is None
    assert yaw_deg(buffer.at(400 * MS)) == pytest.approx(10)


def test_samples_out_of_order_find_their_place_and_duplicates_replace():
    buffer = turning((0, 0), (200, 20), (100, 60), (100, 40))
    assert len(buffer) == 3
    assert yaw_deg(buffer.at(150 * MS)) == pytest.approx(30)
    assert yaw_deg(buffer.at(50 * MS)) == pytest.approx(20)


def test_a_clock_that_goes_back_starts_the_buffer_anew():
    buffer = turning((90_000, 90), (90_100, 90), (10, 5), (110, 15))
    assert buffer.restarts == 1
    assert buffer.at(90_050 * MS) is None
    assert yaw_deg(buffer.at(60 * MS)) == pytest.approx(10)


def test_the_buffer_does_not_grow_for_ever():
    buffer = turning(*((20 * i, 0) for i in range(2000)))
    assert len(buffer) <= 502


@pytest.mark.parametrize("q", [(0, 0, 0, 0), (math.nan, 0, 0, 0), (1e9, 0, 0, 0)])
def test_what_is_no_attitude_is_refused(q):
    with pytest.raises(RangeError, match="quaternion"):
        Attitudes().add(0, q)
