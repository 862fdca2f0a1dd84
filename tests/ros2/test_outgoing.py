"""Messages out, serialised and read back by rosbags: names, types, units, axes."""

import math

import numpy as np
import pytest

from edgegeo.attitude import angles, matrix, quaternion
from edgegeo.autopilot.output import OutputFix
from edgegeo.ros2 import incoming, outgoing
from tests.ros2.messages import load, through_cdr, wires

FIX = OutputFix(
    time_us=1_790_000_000_123_456,
    lat_deg=-33.5,
    lon_deg=151.25,
    cov_m2=(9.0, 1.5, 4.0),
    alt_m=512.0,
    alt_sigma_m=8.0,
    relocated=258,
)


def sent(name, fields):
    message = outgoing.fill(load(name)(), fields)
    humble, jazzy = wires(message)
    assert humble == jazzy
    return through_cdr(message)


def test_nav_sat_fix():
    message = sent("sensor_msgs/NavSatFix", outgoing.nav_sat_fix(FIX, "camera_link"))
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (1_790_000_000, 123_456_000)
    assert message.header.frame_id == "camera_link"
    assert message.status.status == message.status.STATUS_FIX
    assert (message.latitude, message.longitude) == (-33.5, 151.25)
    assert math.isnan(message.altitude)
    covariance = message.position_covariance.reshape(3, 3)
    np.testing.assert_array_equal(covariance[:2, :2], [[9.0, 1.5], [1.5, 4.0]])  # east first
    assert covariance[2, 2] == 1e6
    assert not covariance[2, :2].any()
    assert message.position_covariance_type == message.COVARIANCE_TYPE_KNOWN


def test_geo_pose():
    attitude = quaternion(math.radians(5), math.radians(-3), math.radians(60))
    name = "geographic_msgs/GeoPoseWithCovarianceStamped"
    pose = sent(name, outgoing.geo_pose(FIX, attitude, "camera")).pose
    assert (pose.pose.position.latitude, pose.pose.position.longitude) == (-33.5, 151.25)
    covariance = pose.covariance.reshape(6, 6)
    np.testing.assert_array_equal(covariance, covariance.T)
    np.testing.assert_array_equal(covariance[:2, :2], [[9.0, 1.5], [1.5, 4.0]])
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)[3:]), np.radians([1, 1, 5]))
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    q = pose.pose.orientation
    roll, pitch, yaw = np.degrees(angles(matrix((q.w, q.x, q.y, q.z))))
    # Heading 60 degrees clockwise from north is yaw 30 degrees counterclockwise from east; nose
    # down is positive about the left side.
    np.testing.assert_allclose((roll, pitch, yaw), (5, 3, 30), atol=1e-9)
    np.testing.assert_allclose(incoming.attitude(q), attitude, atol=1e-12)


@pytest.mark.parametrize(
    ("turn_deg", "odom"), [(0.0, (0.0, 0.0)), (90.0, (3.0, 4.0)), (-20, (5.0, 0.0))]
)
def test_map_to_odom_puts_the_base_where_the_fix_is(turn_deg, odom):
    yaw_odom = 0.3
    fields = outgoing.map_to_odom(
        5, (100.0, -50.0), yaw_odom + math.radians(turn_deg), odom, yaw_odom, ("map", "odom")
    )
    message = sent("geometry_msgs/TransformStamped", fields)
    assert (message.header.frame_id, message.child_frame_id) == ("map", "odom")
    t, q = message.transform.translation, message.transform.rotation
    base = matrix((q.w, q.x, q.y, q.z)) @ [*odom, 7.0] + [t.x, t.y, t.z]
    np.testing.assert_allclose(base, [100.0, -50.0, 7.0], atol=1e-9)
    assert np.degrees(angles(matrix((q.w, q.x, q.y, q.z)))[2]) == pytest.approx(turn_deg)


def test_px4_of_both_generations():
    sent_us = FIX.time_us + 80_000
    newer = sent("px4_msgs/AuxGlobalPosition", outgoing.aux_global_position(FIX, sent_us, 3))
    older = sent("px4_msgs/VehicleGlobalPosition", outgoing.vehicle_global_position(FIX, sent_us))
    for message in (newer, older):
        assert (message.timestamp, message.timestamp_sample) == (sent_us, FIX.time_us)
        assert (message.lat, message.lon, message.alt) == (-33.5, 151.25, 512.0)
        assert message.eph == pytest.approx(FIX.sigma_m)
        assert message.epv == 8.0
        assert message.lat_lon_reset_counter == 2
    assert (newer.id, newer.source) == (3, newer.SOURCE_VISION)


def test_a_field_the_message_does_not_have_is_an_error():
    with pytest.raises(AttributeError):
        outgoing.fill(load("sensor_msgs/NavSatFix")(), {"lattitude": 1.0})
    with pytest.raises(AttributeError):
        outgoing.fill(load("sensor_msgs/NavSatFix")(), {"header": {"frame": "x"}})
