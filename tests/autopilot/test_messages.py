"""Every MAVLink message byte for byte against the specification, and decoded back."""

import math
import struct

import pytest

from edgegeo.errors import RangeError
from edgegeo.sighting import Estimate, State
from tests.autopilot.fixes import a_fix
from tests.autopilot.wire import decoded, frame, packed

pytest.importorskip("pymavlink")

from edgegeo.attitude import quaternion
from edgegeo.autopilot.ardupilot_gps import gps_input
from edgegeo.autopilot.ardupilot_odometry import Origin, odometry, vision_position_estimate
from edgegeo.autopilot.ardupilot_reset import external_position_estimate
from edgegeo.autopilot.px4 import global_position_sensor
from edgegeo.autopilot.telemetry import StateTeller, heartbeat, named_values, statustext

LAT, LON = 594371234, -247534567
SENT_US = 1_250_000
LEVEL_EAST = quaternion(0.0, 0.0, math.pi / 2)
ORIGIN = Origin(59.4371234, -24.7534567, 100.0)


def test_global_position_sensor_296():
    payload = struct.pack(
        "<QIiiffffBBBBB",
        SENT_US, 250_000, LAT, LON, math.nan, 150.5, 4.0, 2.0, 1, 1, 7, 2, 0,
    )  # fmt: skip
    ours = packed(global_position_sensor(a_fix(), SENT_US, sensor_id=7))
    assert ours == frame(296, 158, payload)
    back = decoded(ours)
    assert (back.id, back.lat, back.lon, back.eph, back.source) == (7, LAT, LON, 4.0, 2)
    assert (back.time_usec, back.processing_time) == (SENT_US, 250_000)


def test_global_position_sensor_without_an_altitude_is_nan_and_eph_stays_finite():
    back = decoded(packed(global_position_sensor(a_fix(alt_m=None), SENT_US)))
    assert math.isnan(back.alt)
    assert math.isnan(back.epv)
    assert back.eph == 4.0
    for slot in (0, 256, -1):
        with pytest.raises(RangeError, match=r"1\.\.255"):
            global_position_sensor(a_fix(), SENT_US, sensor_id=slot)


def test_odometry_331():
    fix = a_fix(cov_m2=(9.0, 2.0, 16.0))
    turn = math.radians(2.0) ** 2
    half = math.sqrt(0.5)
    pose = [16, 2, 0, 0, 0, 0, 9, 0, 0, 0, 0, 4, 0, 0, 0, turn, 0, 0, turn, 0, turn]
    payload = struct.pack(
        "<Qfff4fffffff21f21fBBBBb",
        1_000_000, 0.0, 0.0, -50.5, half, 0.0, 0.0, half, *[math.nan] * 6, *pose,
        *[math.nan] * 21, 20, 12, 2, 2, 88,
    )  # fmt: skip
    ours = packed(odometry(fix, ORIGIN, LEVEL_EAST))
    assert ours == frame(331, 91, payload)
    back = decoded(ours)
    assert (back.frame_id, back.child_frame_id, back.reset_counter) == (20, 12, 2)


def test_odometry_is_north_east_down_of_the_origin():
    origin = Origin(59.4361234, -24.7514567, 100.0)
    back = decoded(packed(odometry(a_fix(), origin, LEVEL_EAST)))
    assert back.x == pytest.approx(0.001 * 111_415, abs=0.05)  # a degree of latitude there
    assert back.y == pytest.approx(-0.002 * 56_760, abs=0.2)
    assert back.z == -50.5


def test_a_local_position_needs_an_altitude_and_an_origin_near_by():
    with pytest.raises(RangeError, match="alt_m"):
        odometry(a_fix(alt_m=None), ORIGIN, LEVEL_EAST)
    with pytest.raises(RangeError, match="origin"):
        odometry(a_fix(), Origin(58.0, -24.75, 0.0), LEVEL_EAST)


def test_the_reset_counter_wraps_as_a_byte():
    back = decoded(packed(odometry(a_fix(relocated=258), ORIGIN, LEVEL_EAST)))
    assert back.reset_counter == 2


def test_vision_position_estimate_102():
    turn = math.radians(2.0) ** 2
    pose = [16, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 4, 0, 0, 0, turn, 0, 0, turn, 0, turn]
    payload = struct.pack(
        "<Qffffff21fB", 1_000_000, 0.0, 0.0, -50.5, 0.0, 0.0, math.pi / 2, *pose, 2
    )
    ours = packed(vision_position_estimate(a_fix(), ORIGIN, LEVEL_EAST))
    assert ours == frame(102, 158, payload)
    assert decoded(ours).yaw == pytest.approx(math.pi / 2)


def test_gps_input_232():
    """2023-11-14 22:13:20 UTC is second 252,818 of GPS week 2288, with 18 leap seconds."""
    payload = struct.pack(
        "<QIiifffffffffHHBBBH",
        1_000_000, 252_818_000, LAT, LON, 150.5, 0.8, 0.0, 3.0, -4.0, 0.0, 0.5, 4.0, 2.0,
        4 | 16, 2288, 0, 3, 10, 0,
    )  # fmt: skip
    ours = packed(gps_input(a_fix(), 1_700_000_000_000_000))
    assert ours == frame(232, 151, payload)
    back = decoded(ours)
    assert (back.vn, back.ve, back.horiz_accuracy) == (3.0, -4.0, 4.0)


def test_gps_input_without_a_velocity_is_refused_unless_the_autopilot_uses_none():
    """ArduPilot fuses an ignored velocity as zero."""
    still = a_fix(north_m_s=None, east_m_s=None)
    with pytest.raises(RangeError, match="EK3_SRC1_VELXY"):
        gps_input(still, 0)
    back = decoded(packed(gps_input(still, 0, without_velocity=True)))
    assert back.ignore_flags == 4 | 8 | 16 | 32
    assert (back.time_week, back.time_week_ms) == (0, 0)
    back = decoded(packed(gps_input(a_fix(alt_m=None), 0)))
    assert back.ignore_flags == 1 | 4 | 16 | 128


def test_command_43003_in_command_int():
    payload = struct.pack(
        "<ffffiifHBBBBB",
        1.25, 0.25, 4.0, 0.0, LAT, LON, math.nan, 43003, 1, 1, 0, 0, 0,
    )  # fmt: skip
    ours = packed(external_position_estimate(a_fix(), SENT_US))
    assert ours == frame(75, 158, payload)
    late = external_position_estimate(a_fix(time_us=10**12), 10**12 + 40_000)
    assert (late.param1, late.param2) == pytest.approx((0.04, 0.04))


def test_heartbeat_of_an_onboard_computer():
    payload = struct.pack("<IBBBBB", 0, 18, 8, 0, 4, 3)
    assert packed(heartbeat()) == frame(0, 50, payload)
    assert decoded(packed(heartbeat())).get_srcComponent() == 197


def test_named_values_of_probability_and_accuracy():
    estimate = Estimate(
        time_us=2_000_000, state=State.TRACKING, lat_deg=1.0, lon_deg=2.0, cov_m2=(9.0, 0.0, 16.0),
        probability=0.5,
    )  # fmt: skip
    first, second = map(packed, named_values(estimate))
    assert first == frame(251, 170, struct.pack("<If10s", 2000, 0.5, b"EG_PROB"))
    assert second == frame(251, 170, struct.pack("<If10s", 2000, 4.0, b"EG_SIGMA"))
    searching = Estimate(time_us=0, state=State.SEARCHING)
    assert [m.name for m in map(decoded, map(packed, named_values(searching)))] == ["EG_PROB"]


def test_a_text_at_every_change_of_state_and_only_then():
    teller = StateTeller()
    texts = [teller.tell(s) for s in (State.SEARCHING, State.SEARCHING, State.TRACKING, State.LOST)]
    assert texts[1] is None
    said = [decoded(packed(t)) for t in texts if t is not None]
    assert [m.severity for m in said] == [4, 6, 4]
    assert said[1].text == "edgegeo TRACKING: position held by fixes"
    expected = frame(253, 83, struct.pack("<B50sHB", 6, said[1].text.encode(), 0, 0))
    assert packed(texts[2]) == expected
    assert decoded(packed(statustext("\u00e9" * 80, 4))).text == "?" * 50
