"""The small parts of a flight, each alone: prior, ways out, problems, log's name, watchdog."""

import os
import socket
import struct
import time

import pytest

pytest.importorskip("pymavlink")
pytest.importorskip("mcap")

from edgegeo import geodesy
from edgegeo.attitude import quaternion
from edgegeo.autopilot.ardupilot_odometry import Origin
from edgegeo.autopilot.inbox import Inbox
from edgegeo.camera_pose import CameraPose
from edgegeo.fly.journal import flight_log
from edgegeo.fly.outlets import NOT_TAKEN, RATES_HZ, link_outlet, serial_outlet, utc_us
from edgegeo.fly.prior import EVERYWHERE_US, FLOOR_M, SIGMAS, Searching
from edgegeo.fly.tally import Problems, Skip, Tally
from edgegeo.fly.watchdog import Watchdog
from edgegeo.height import Height, HeightSource
from edgegeo.logs import read_log
from edgegeo.sighting import Estimate, State
from edgegeo.types import Fix, Reject
from tests.autopilot.fixes import a_fix

LAT, LON = 47.0, 8.0


def estimate(state=State.TRACKING, sigma_m=3.0):
    cov = (sigma_m**2, 0.0, sigma_m**2)
    return Estimate(time_us=0, state=state, lat_deg=LAT, lon_deg=LON, cov_m2=cov, sighted_us=0)


def searching(explained=True):
    """One that has just searched everywhere, at 0."""
    s = Searching()
    assert s.prior(estimate(), None, 0) is None
    s.saw(explained)
    return s


def test_the_circle_is_around_the_estimate():
    prior = searching().prior(estimate(sigma_m=4.0), None, 100_000)
    assert (prior.lat_deg, prior.lon_deg) == (LAT, LON)
    assert prior.radius_m == pytest.approx(SIGMAS * 4 + FLOOR_M)


def test_a_camera_that_looks_ahead_has_its_circle_ahead():
    height = Height(height_m=100.0, sigma_m=1.0, source=HeightSource.RANGEFINDER)
    pose = CameraPose(time_us=0, heading_deg=90.0, roll_deg=0.0, pitch_deg=20.0, height=height)
    prior = searching().prior(estimate(), pose, 100_000)
    east, north = geodesy.enu_from_geo(prior.lat_deg, prior.lon_deg, LAT, LON)
    assert (float(east), float(north)) == pytest.approx((36.4, 0.0), abs=0.1)


@pytest.mark.parametrize("state", [State.SEARCHING, State.LOST])
def test_no_circle_without_a_position(state):
    assert searching().prior(estimate(state), None, 100_000) is None


def test_the_whole_map_once_a_second_and_after_a_frame_that_was_not_explained():
    s = searching()
    assert s.prior(estimate(), None, EVERYWHERE_US - 1) is not None
    assert s.prior(estimate(), None, EVERYWHERE_US) is None
    assert s.prior(estimate(), None, EVERYWHERE_US + 1) is not None
    s.saw(False)
    assert s.prior(estimate(), None, EVERYWHERE_US + 2) is None
    assert searching(explained=False).prior(estimate(), None, 1) is None


class Line:
    """A double of a Link: keeps what is sent."""

    system, sensor_id = 3, 7

    def __init__(self, takes=True):
        self.inbox, self.takes, self.sent = Inbox(), takes, []

    def send(self, message):
        self.sent.append(message)
        return self.takes


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("px4", "GLOBAL_POSITION_SENSOR"),
        ("ardupilot-gps", "GPS_INPUT"),
        ("ardupilot-reset", "COMMAND_INT"),
        ("ardupilot-odometry", "ODOMETRY"),
        ("ardupilot-vision", "VISION_POSITION_ESTIMATE"),
    ],
)
def test_each_path_sends_its_message(path, kind):
    line, fix = Line(), a_fix()
    line.inbox.origin = Origin(fix.lat_deg, fix.lon_deg, 100.0)
    line.inbox.attitudes.add(fix.time_us, quaternion(0.0, 0.0, 1.0))
    assert link_outlet(path, line)(fix, fix.time_us + 5000) is None
    assert [m.get_type() for m in line.sent] == [kind]
    if path == "px4":
        assert (line.sent[0].target_system, line.sent[0].id) == (3, 7)
    assert set(RATES_HZ) > {path}


def test_what_cannot_be_sent_says_why():
    fix, line = a_fix(), Line()
    assert "GPS_GLOBAL_ORIGIN" in link_outlet("ardupilot-odometry", line)(fix, fix.time_us)
    line.inbox.origin = Origin(fix.lat_deg, fix.lon_deg, 100.0)
    assert "attitude" in link_outlet("ardupilot-vision", line)(fix, fix.time_us)
    still = a_fix(north_m_s=None, east_m_s=None)
    assert "EK3_SRC1_VELXY" in link_outlet("ardupilot-gps", line)(still, fix.time_us)
    assert line.sent == []
    assert link_outlet("px4", Line(takes=False))(fix, fix.time_us) == NOT_TAKEN


def test_a_serial_port_gets_whole_messages_dated_by_the_time_of_day(monkeypatch):
    port, fix = Line(), a_fix()
    assert serial_outlet("nmea", port)(fix, fix.time_us) is None
    assert serial_outlet("ubx", port)(fix, fix.time_us) is None
    assert port.sent[0].startswith(b"$GPGST,")
    assert port.sent[1].startswith(b"\xb5\x62\x01\x07")
    ago_us = time.monotonic_ns() // 1000 - 100_000
    assert abs(utc_us(ago_us) + 100_000 - time.time_ns() // 1000) < 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)  # 2001: never set
    assert utc_us(ago_us) == 0
    assert "utc_us" in serial_outlet("nmea", port)(fix, fix.time_us)


def test_messages_dated_late_by_a_busy_computer_keep_their_order():
    """The second is sent at once, the first a while after its moment."""
    port, now_us = Line(), time.monotonic_ns() // 1000
    outlet = serial_outlet("ubx", port)
    time.sleep(0.05)
    assert outlet(a_fix(time_us=now_us), now_us) is None
    assert outlet(a_fix(time_us=now_us + 40_000), now_us + 40_000) is None
    first_ms, second_ms = (struct.unpack_from("<I", data, 6)[0] for data in port.sent)
    assert second_ms - first_ms == pytest.approx(40, abs=2)


def test_a_problem_is_said_when_it_begins_whatever_it_counts():
    said = []
    problems = Problems(lambda us, text: said.append((us, text)), quiet_us=100)
    for us, now in ((0, ["2 bad"]), (1, ["3 bad"]), (2, []), (3, ["4 bad", "no frame"]), (200, [])):
        problems.update(us, now)
    problems.update(201, ["9 bad"])
    assert said == [(0, "2 bad"), (3, "no frame"), (201, "9 bad")]
    assert problems.now == ("9 bad",)


def test_frames_are_counted_by_what_became_of_them():
    tally = Tally()
    fix = Fix(time_us=0, lat_deg=1.0, lon_deg=2.0, cov_m2=(1.0, 0.0, 1.0), probability=0.9)
    for outcome in (fix, Skip.OLD, Reject.OBLIQUE, Skip.NO_ATTITUDE, fix):
        tally.count(outcome)
    assert (tally.accepted, tally.looked_at, tally.skipped) == (2, 3, 2)
    assert tally.frames["OBLIQUE"] == 1


def test_a_log_is_renamed_at_the_end_also_of_a_flight_that_failed(tmp_path):
    place = tmp_path / "a.mcap"

    def fail():
        with flight_log(place) as log:
            assert (tmp_path / "a.mcap.partial").exists()
            log.add_note(1, "about to fail")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [r.value for r in read_log(place)] == ["about to fail"]
    (tmp_path / "a-2.mcap.partial").write_bytes(b"of a flight that was killed")
    with flight_log(place):
        pass
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["a-2.mcap.partial", "a-3.mcap", "a.mcap"]


def test_systemd_hears_that_the_flight_lives(tmp_path, monkeypatch):
    Watchdog().alive("nobody listens")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setitem(os.environ, "NOTIFY_SOCKET", str(tmp_path / "notify"))
        watchdog = Watchdog()
        watchdog.ready()
        watchdog.alive("TRACKING")
        watchdog.stopping()
        heard = [systemd.recv(1000) for _ in range(3)]
    assert heard == [b"READY=1", b"WATCHDOG=1\nSTATUS=TRACKING", b"STOPPING=1"]
