"""`edgegeo fly` in a process of its own sends on every path what others read as our position."""

import math
import os
import re
import signal
import time
import tty
from contextlib import ExitStack, closing, suppress
from datetime import datetime, timezone
from io import BytesIO

import pytest

pytest.importorskip("cv2")
pytest.importorskip("pymavlink")
pytest.importorskip("serial")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo import geodesy
from edgegeo.autopilot.connection import key_of_passphrase
from tests.autopilot.listening import free_port
from tests.autopilot.listening import port as port
from tests.fly.hovering import GROUND_M, HEIGHT_M, LAT, LON, Hoverer, flying, off_m
from tests.fly.hovering import hovering as hovering
from tests.fly.hovering import place as place

FAR_M = 8.0  # from the truth
ENOUGH = 5
IN_GIMBAL = [m.GIMBAL_DEVICE_FLAGS_YAW_IN_VEHICLE_FRAME, m.GIMBAL_DEVICE_FLAGS_YAW_IN_EARTH_FRAME]
PX4_GIMBAL = ("GLOBAL_POSITION_SENSOR", "--autopilot", "px4", "--gimbal")
# By its name what each path sends, and its flags; a gimbal's path is named by the gimbal's flags.
BY_LINK = {
    "odometry": ("ODOMETRY", "--autopilot", "ardupilot-odometry"),
    "gps": ("GPS_INPUT", "--autopilot", "ardupilot-gps"),
    **dict.fromkeys(IN_GIMBAL, PX4_GIMBAL),
}
BY_PORT = {"nmea": b"$GPRMC,", "ubx": b"\xb5\x62\x01\x07"}


class GpsPort:
    """A double of a serial cable: `end` is what a GPS driver reads, `name` where we write."""

    def __init__(self):
        self.end, self._device = os.openpty()
        tty.setraw(self._device)
        os.set_blocking(self.end, False)
        self.name, self.got = os.ttyname(self._device), bytearray()

    def read(self):
        with suppress(BlockingIOError):
            self.got.extend(os.read(self.end, 65536))

    def close(self):
        os.close(self.end)
        os.close(self._device)


@pytest.fixture(scope="module")
def heard(place):
    """What each path sent until it was ENOUGH: messages, or the bytes of a serial port."""
    together = (("odometry", "gps", "nmea"), (*IN_GIMBAL, "ubx"))  # a process each
    return {k: v for names in together for k, v in heard_of(place, names).items()}


def heard_of(place, names):
    with ExitStack() as stack:
        flights = []
        lines = {name: stack.enter_context(closing(Hoverer(free_port()))) for name in names}
        ports = {p: stack.enter_context(closing(GpsPort())) for p in names if p in BY_PORT}
        for name, hoverer in lines.items():
            hoverer.gimbal = name if name in IN_GIMBAL else None
            more = ("--connection", f"udpin:127.0.0.1:{hoverer.port}")
            if name in ports:
                more += ("--autopilot", name, "--gps-port", f"{ports[name].name}:115200")
            else:
                more += BY_LINK[name][1:]
            flights.append(stack.enter_context(flying(place.flags(*more))))

        def listen():
            for hoverer in lines.values():
                hoverer.life()
            for gps in ports.values():
                gps.read()

        def count(name):
            if name in ports:
                return ports[name].got.count(BY_PORT[name])
            return len(lines[name].heard(BY_LINK[name][0]))

        flights[0].until(lambda: all(count(name) >= ENOUGH for name in names), every=listen)
        for flight in flights:
            assert flight.stop() == 0
        messages = {name: lines[name].heard(BY_LINK[name][0]) for name in names if name in BY_LINK}
        return messages | {path: bytes(gps.got) for path, gps in ports.items()}


def test_nmea_out_of_a_serial_port(heard):
    pynmea2 = pytest.importorskip("pynmea2")
    lines = heard["nmea"].decode("ascii").split("\r\n")[:-1]
    said = [pynmea2.parse(line, check=True) for line in lines]
    kinds = [sentence.sentence_type for sentence in said]
    assert kinds == (["GST", "GGA", "RMC"] * len(kinds))[: len(kinds)]
    for gst, gga, rmc in zip(said[::3], said[1::3], said[2::3], strict=False):
        assert off_m(gga.latitude, gga.longitude) < FAR_M
        assert (rmc.latitude, rmc.longitude) == (gga.latitude, gga.longitude)
        assert gga.altitude == GROUND_M + HEIGHT_M
        assert rmc.spd_over_grnd < 3  # knots: it hangs in the air
        assert 0.5 < gst.std_dev_latitude < 20
        assert abs(rmc.datetime.timestamp() - time.time()) < 60
    times = [rmc.datetime for rmc in said[2::3]]
    assert times == sorted(set(times))


def test_ubx_out_of_a_serial_port(heard):
    pyubx2 = pytest.importorskip("pyubx2")
    whole = heard["ubx"][: len(heard["ubx"]) // 100 * 100]  # the last frame may be cut
    said = [message for _, message in pyubx2.UBXReader(BytesIO(whole), quitonerror=2)]
    assert len(said) == len(whole) // 100 >= ENOUGH - 1
    for pvt in said:
        assert (pvt.identity, pvt.fixType, pvt.gnssFixOk) == ("NAV-PVT", 3, 1)
        assert off_m(pvt.lat, pvt.lon) < FAR_M
        assert pvt.hMSL == 1000 * (GROUND_M + HEIGHT_M)
        assert 500 < pvt.hAcc < 20_000
        assert pvt.gSpeed < 1500
        day, clock = (pvt.year, pvt.month, pvt.day), (pvt.hour, pvt.min, pvt.second)
        when = datetime(*day, *clock, tzinfo=timezone.utc)
        assert abs(when.timestamp() - time.time()) < 60


def test_ardupilot_odometry(heard):
    for said in heard["odometry"]:
        assert (said.frame_id, said.child_frame_id) == (20, 12)
        origin = (LAT - 9e-4, LON - 9e-4)
        assert off_m(*map(float, geodesy.geo_from_enu(said.y, said.x, *origin))) < FAR_M
        assert said.z == pytest.approx(-HEIGHT_M, abs=0.01)
        assert 0 < said.pose_covariance[0] < 400
        assert math.isnan(said.vx)
    times = [said.time_usec for said in heard["odometry"]]
    assert times == sorted(set(times))


def test_ardupilot_gps(heard):
    for said in heard["gps"]:
        assert off_m(1e-7 * said.lat, 1e-7 * said.lon) < FAR_M
        assert said.alt == pytest.approx(GROUND_M + HEIGHT_M)
        assert 0.5 < said.horiz_accuracy < 20
        assert math.hypot(said.vn, said.ve) < 1.5
        seconds = said.time_week * 7 * 86400 + 1e-3 * said.time_week_ms
        assert abs(315_964_800 + seconds - 18 - time.time()) < 60


@pytest.mark.parametrize("flags", IN_GIMBAL)
def test_a_camera_in_a_gimbal_hangs_as_its_flags_say(heard, flags):
    for said in heard[flags]:
        assert off_m(1e-7 * said.lat, 1e-7 * said.lon) < FAR_M


RESET = m.MAV_CMD_EXTERNAL_POSITION_ESTIMATE


def test_one_reset_is_sent_until_it_is_taken_and_another_when_asked_for(place, port, hovering):
    """It is refused at first, as while a GPS is in use."""
    hoverer = hovering()
    results = [m.MAV_RESULT_FAILED, m.MAV_RESULT_ACCEPTED, m.MAV_RESULT_ACCEPTED]
    resets = []

    def life():
        hoverer.life()
        new = hoverer.heard("COMMAND_INT")[len(resets) :]
        for said in new:
            resets.append(said)
            hoverer.answer(RESET, results[len(resets) - 1])

    line = ("--connection", f"udpin:127.0.0.1:{port}", "--autopilot", "ardupilot-reset")
    with flying(place.flags(*line)) as flight:
        flight.until(lambda: len(resets) == 2, every=life)
        assert "refused the reset as failed" in flight.said
        flight.fly_on(1.2, every=life)  # longer than it waits for an answer
        assert len(resets) == 2
        flight.process.send_signal(signal.SIGUSR1)
        flight.until(lambda: len(resets) == 3, every=life)
        flight.fly_on(1.2, every=life)
        assert len(resets) == 3
        assert flight.stop() == 0
        assert flight.said.splitlines()[-1].endswith("sent 2")
    for said in resets:
        assert (said.command, said.frame, said.target_system) == (RESET, 0, 1)
        assert off_m(1e-7 * said.x, 1e-7 * said.y) < FAR_M
        assert 0.5 < said.param3 < 20


def test_a_signed_line_speaks_only_to_who_has_the_phrase(place, port, hovering, tmp_path):
    phrase, key = tmp_path / "phrase", key_of_passphrase("of the ground station")
    phrase.write_text("of the ground station\n")
    px4 = {"autopilot": m.MAV_AUTOPILOT_PX4}
    wrong = hovering(key=key_of_passphrase("another"), **px4)
    right = hovering(key=key, **px4)
    line = ("--connection", f"udpin:127.0.0.1:{port}", "--signing-file", phrase)
    with flying(place.flags(*line, "--autopilot", "px4")) as flight:
        flight.until_said("signed with another passphrase", every=wrong.life)
        flight.until(lambda: len(right.heard("GLOBAL_POSITION_SENSOR")) > 2, every=right.life)
        assert flight.stop() == 0
    # Its own parser took these: a signature by another key would be bad data to it.
    heard = right.heard("GLOBAL_POSITION_SENSOR")
    assert all(said.get_header().incompat_flags & 1 for said in heard)
    assert max(off_m(1e-7 * said.lat, 1e-7 * said.lon) for said in heard) < FAR_M
    assert not wrong.heard("GLOBAL_POSITION_SENSOR")


def test_a_dry_run_says_everything_but_positions(place, port, hovering):
    hoverer = hovering(autopilot=m.MAV_AUTOPILOT_PX4)
    line = ("--connection", f"udpin:127.0.0.1:{port}", "--autopilot", "px4", "--dry-run")

    def sure():
        return [said for said in hoverer.heard("NAMED_VALUE_FLOAT") if said.name == "EG_SIGMA"]

    with flying(place.flags(*line)) as flight:
        flight.until(lambda: len(sure()) > 1, every=hoverer.life)
        assert flight.stop() == 0
    assert re.search(r"sent \d\d", flight.said.splitlines()[-1])  # made, and kept here
    assert not hoverer.heard("GLOBAL_POSITION_SENSOR")
