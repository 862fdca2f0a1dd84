"""Real messages, encoded and decoded by pymavlink, into attitude, height, velocity and time."""

import math

import pytest

pytest.importorskip("pymavlink")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo.autopilot.inbox import Inbox
from edgegeo.camera import camera_from_fov
from edgegeo.height import HeightSource
from tests.autopilot.wire import decoded, packed

MS, S = 1000, 1_000_000
CAMERA = camera_from_fov(640, 480, 60.0)


def filled(*messages, received_us=5 * S):
    inbox = Inbox()
    for message in messages:
        assert inbox.take(decoded(packed(message)), received_us)
    return inbox


def attitude(boot_ms, yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0):
    roll, pitch, yaw = (math.radians(a) for a in (roll_deg, pitch_deg, yaw_deg))
    return m.MAVLink_attitude_message(boot_ms, roll, pitch, yaw, 0, 0, 0)


def synced(inbox, offset_us):
    """The autopilot's clock is `offset_us` ahead of ours."""
    for i in range(3):
        asked = (i + 2) * S + MS
        inbox.sync.add(asked, asked + 500 + offset_us, asked + 1000)


def test_euler_angles_and_quaternions_are_the_same_attitude():
    inbox = filled(attitude(1000, 100, 5, -3))
    pose = inbox.camera_pose(CAMERA, 5 * S)
    assert (pose.heading_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx(
        (100, 5, -3), abs=1e-4
    )
    half = math.sqrt(0.5)
    inbox = filled(m.MAVLink_attitude_quaternion_message(1000, half, 0, 0, half, 0, 0, 0))
    assert inbox.camera_pose(CAMERA, 5 * S).heading_deg == pytest.approx(90, abs=1e-4)


def test_samples_are_dated_by_the_autopilots_clock_not_by_their_arrival():
    inbox = Inbox()
    synced(inbox, offset_us=-2 * S)
    for boot_ms, yaw in ((3000, 10), (3100, 20)):  # 5.0 and 5.1 s on our clock, both come late
        inbox.take(decoded(packed(attitude(boot_ms, yaw))), 5_150_000)
    assert inbox.camera_pose(CAMERA, 5 * S + 50 * MS).heading_deg == pytest.approx(15, abs=1e-3)


def test_a_restart_of_the_autopilots_clock_falls_back_to_arrival():
    inbox = Inbox()
    synced(inbox, offset_us=100 * S)
    inbox.take(decoded(packed(attitude(105_000))), 5 * S)
    assert inbox.sync.ready
    inbox.take(decoded(packed(attitude(40, yaw_deg=50))), 5 * S + 100 * MS)
    assert inbox.sync.restarts == 1
    assert not inbox.sync.ready
    assert inbox.camera_pose(CAMERA, 5 * S + 100 * MS).heading_deg == pytest.approx(50, abs=1e-3)


def test_without_an_attitude_there_is_no_pose():
    inbox = filled(m.MAVLink_global_position_int_message(1, 0, 0, 0, 9000, 0, 0, 0, 0))
    assert inbox.camera_pose(CAMERA, 5 * S) is None
    inbox = filled(attitude(1000))
    assert inbox.camera_pose(CAMERA, 6 * S) is None  # a second later it may hang otherwise
    assert inbox.camera_pose(CAMERA, 5 * S, on_gimbal=True) is None


def a_range(cm=5000, orientation=25, quality=0, low=20, high=10_000):
    return m.MAVLink_distance_sensor_message(
        1000, low, high, cm, 0, 0, orientation, 0, signal_quality=quality
    )


def test_a_rangefinder_looks_aslant_when_the_vehicle_tilts():
    inbox = filled(attitude(1000, 0, 0, roll_deg=20), a_range())
    height = inbox.heights.at(5 * S)
    assert height.source is HeightSource.RANGEFINDER
    assert height.height_m == pytest.approx(50 * math.cos(math.radians(20)), abs=1e-4)
    assert filled(m.MAVLink_rangefinder_message(12.5, 0)).heights.at(5 * S).height_m == 12.5


@pytest.mark.parametrize(
    "message",
    [a_range(orientation=0), a_range(cm=10), a_range(cm=12_000), a_range(quality=1),
     m.MAVLink_rangefinder_message(0.0, 0.0),
     m.MAVLink_terrain_report_message(0, 0, 0, 0.0, 55.0, 0, 0)],
)  # fmt: skip
def test_a_range_that_is_none_is_passed_over(message):
    assert filled(message).heights.at(5 * S) is None


def test_terrain_and_height_above_home():
    home = m.MAVLink_global_position_int_message(1, 0, 0, 151_000, 90_000, 300, -400, 0, 0)
    inbox = filled(home)
    assert inbox.heights.at(5 * S).doubtful
    assert inbox.heights.at(5 * S).height_m == 90.0
    assert inbox.altitude_m == 151.0
    assert (inbox.velocity.north_m_s, inbox.velocity.east_m_s) == (3.0, -4.0)
    inbox = filled(home, m.MAVLink_terrain_report_message(0, 0, 100, 60.0, 91.0, 0, 9))
    assert inbox.heights.at(5 * S).source is HeightSource.TERRAIN


def test_px4_tells_the_terrain_by_its_clearance():
    def clearance(metres):
        return filled(m.MAVLink_altitude_message(0, 0, 0, 0, 0, 0, metres)).heights.at(5 * S)

    assert clearance(72.5).source is HeightSource.TERRAIN
    assert clearance(72.5).height_m == 72.5
    assert clearance(math.nan) is None
    assert clearance(-1.0) is None  # where it is not known, by the message's own page


def test_local_velocity_and_origin():
    inbox = filled(
        m.MAVLink_local_position_ned_message(1000, 0, 0, 0, 1.5, -2.5, 0),
        m.MAVLink_gps_global_origin_message(594_000_000, 247_000_000, 35_500),
    )
    assert (inbox.velocity.north_m_s, inbox.velocity.east_m_s) == (1.5, -2.5)
    assert (inbox.origin.lat_deg, inbox.origin.lon_deg, inbox.origin.alt_m) == (59.4, 24.7, 35.5)
    assert filled(m.MAVLink_gps_global_origin_message(0, 0, 0)).origin is None


@pytest.mark.parametrize(("flags", "heading"), [(32, 130.0), (64, 30.0)])
def test_a_gimbal_is_taken_by_its_flags(flags, heading):
    q = [math.cos(math.radians(15)), 0, 0, math.sin(math.radians(15))]  # yaw 30 ...
    tilt = [
        math.cos(math.radians(-45)),
        0,
        math.sin(math.radians(-45)),
        0,
    ]  # ... then straight down
    down = [
        q[0] * tilt[0], -q[3] * tilt[2], q[0] * tilt[2], q[3] * tilt[0],
    ]  # fmt: skip
    gimbal = m.MAVLink_gimbal_device_attitude_status_message(
        0, 0, 1000, flags, down, 0.0, 0.0, 0.0, 0
    )
    pose = filled(attitude(1000, 100, 8, 12), gimbal).camera_pose(CAMERA, 5 * S, on_gimbal=True)
    assert pose.tilt_deg == pytest.approx(0, abs=0.02)
    assert pose.heading_deg == pytest.approx(heading, abs=0.02)


def test_content_that_cannot_be_is_counted_not_used():
    inbox = filled(
        m.MAVLink_attitude_message(1000, math.nan, 0, 0, 0, 0, 0),
        m.MAVLink_attitude_quaternion_message(1000, 0, 0, 0, 0, 0, 0, 0),
        m.MAVLink_local_position_ned_message(1000, 0, 0, 0, math.inf, 0, 0),
        m.MAVLink_terrain_report_message(0, 0, 100, 0.0, math.nan, 0, 0),
    )
    assert inbox.strange == {
        "ATTITUDE": 1, "ATTITUDE_QUATERNION": 1, "LOCAL_POSITION_NED": 1, "TERRAIN_REPORT": 1,
    }  # fmt: skip
    assert len(inbox.attitudes) == 0
    assert inbox.velocity is None


def test_what_is_not_used_is_left_alone():
    assert not Inbox().take(m.MAVLink_heartbeat_message(1, 3, 0, 0, 4, 3), 0)
    assert not Inbox().take(m.MAVLink_system_time_message(0, 0), 0)
