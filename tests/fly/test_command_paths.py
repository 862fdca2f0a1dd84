"""`edgegeo fly` in a process of its own sends on every path what others read as our position."""

import math
import os
import signal
import time
import tty
from datetime import datetime, timezone
from io import BytesIO

import pytest

pytest.importorskip("cv2")
pytest.importorskip("pymavlink")
pytest.importorskip("serial")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo import geodesy
from edgegeo.autopilot.connection import key_of_passphrase
from tests.autopilot.listening import port as port
from tests.fly.hovering import GROUND_M, HEIGHT_M, LAT, LON, flying, off_m
from tests.fly.hovering import hovering as hovering
from tests.fly.hovering import place as place

FAR_M = 8.0  # from the truth
ENOUGH = 5


@pytest.fixture
def gps():
    """The serial port that a GPS driver reads, and the name of the one that is written to."""
    controller, device = os.openpty()
    tty.setraw(device)
    os.set_blocking(controller, False)
    yield controller, os.ttyname(device)
    os.close(controller)
    os.close(device)


def by_serial_port(place, port, hoverer, gps, path, end) -> bytes:
    """Fly until `end` has come out of the serial port ENOUGH times; return all that did."""
    controller, device = gps
    got = bytearray()

    def listen():
        hoverer.life()
        try:
            got.extend(os.read(controller, 65536))
        except BlockingIOError:
            return

    more = ("--connection", f"udpin:127.0.0.1:{port}", "--autopilot", path)
    with flying(place.flags(*more, "--gps-port", f"{device}:115200")) as flight:
        flight.until(lambda: got.count(end) >= ENOUGH, every=listen)
        assert flight.stop() == 0
    return bytes(got)


def test_nmea_out_of_a_serial_port(place, port, hovering, gps):
    pynmea2 = pytest.importorskip("pynmea2")
    got = by_serial_port(place, port, hovering(), gps, "nmea", b"$GPGST,")
    lines = got.decode("ascii").split("\r\n")[:-1]
    said = [pynmea2.parse(line, check=True) for line in lines]
    kinds = [sentence.sentence_type for sentence in said]
    assert kinds == ["GGA", "RMC", "GST"] * (len(kinds) // 3)
    for gga, rmc, gst in zip(said[::3], said[1::3], said[2::3], strict=True):
        assert off_m(gga.latitude, gga.longitude) < FAR_M
        assert (rmc.latitude, rmc.longitude) == (gga.latitude, gga.longitude)
        assert gga.altitude == GROUND_M + HEIGHT_M
        assert rmc.spd_over_grnd < 3  # knots: it hangs in the air
        assert 0.5 < gst.std_dev_latitude < 20
        assert abs(rmc.datetime.timestamp() - time.time()) < 30
    times = [rmc.datetime for rmc in said[1::3]]
    assert times == sorted(set(times))


def test_ubx_out_of_a_serial_port(place, port, hovering, gps):
    pyubx2 = pytest.importorskip("pyubx2")
    got = by_serial_port(place, port, hovering(), gps, "ubx", b"\xb5\x62\x01\x07")
    whole = got[: len(got) // 100 * 100]
    said = [message for _, message in pyubx2.UBXReader(BytesIO(whole), quitonerror=2)]
    assert len(said) == len(whole) // 100 >= ENOUGH - 1
    for pvt in said:
        assert (pvt.identity, pvt.fixType, pvt.gnssFixOk) == ("NAV-PVT", 3, 1)
        assert off_m(pvt.lat, pvt.lon) < FAR_M
        assert pvt.hMSL == 1000 * (GROUND_M + HEIGHT_M)
        assert 500 < pvt.hAcc < 20_000
        assert pvt.gSpeed < 1500
        when = datetime(
            pvt.year, pvt.month, pvt.day, pvt.hour, pvt.min, pvt.second, tzinfo=timezone.utc
        )
        assert abs(when.timestamp() - time.time()) < 30


def heard_by(place, port, hoverer, kind, *more):
    """Fly until an autopilot has heard ENOUGH messages of a kind; return them."""
    line = ("--connection", f"udpin:127.0.0.1:{port}")
    with flying(place.flags(*line, *more)) as flight:
        flight.until(lambda: len(hoverer.heard(kind)) >= ENOUGH, every=hoverer.life)
        assert flight.stop() == 0
    return hoverer.heard(kind)


def test_ardupilot_odometry(place, port, hovering):
    hoverer = hovering()
    heard = heard_by(place, port, hoverer, "ODOMETRY", "--autopilot", "ardupilot-odometry")
    for said in heard:
        assert (said.frame_id, said.child_frame_id) == (20, 12)
        origin = (LAT - 9e-4, LON - 9e-4)
        assert off_m(*map(float, geodesy.geo_from_enu(said.y, said.x, *origin))) < FAR_M
        assert said.z == pytest.approx(-HEIGHT_M, abs=0.01)
        assert 0 < said.pose_covariance[0] < 400
        assert math.isnan(said.vx)
    times = [said.time_usec for said in heard]
    assert times == sorted(set(times))
    assert not hoverer.heard("GLOBAL_POSITION_SENSOR")


def test_ardupilot_gps(place, port, hovering):
    for said in heard_by(place, port, hovering(), "GPS_INPUT", "--autopilot", "ardupilot-gps"):
        assert off_m(1e-7 * said.lat, 1e-7 * said.lon) < FAR_M
        assert said.alt == pytest.approx(GROUND_M + HEIGHT_M)
        assert 0.5 < said.horiz_accuracy < 20
        assert math.hypot(said.vn, said.ve) < 1.5
        seconds = said.time_week * 7 * 86400 + 1e-3 * said.time_week_ms
        assert abs(315_964_800 + seconds - 18 - time.time()) < 30


@pytest.mark.parametrize(
    "flags",
    [m.GIMBAL_DEVICE_FLAGS_YAW_IN_VEHICLE_FRAME, m.GIMBAL_DEVICE_FLAGS_YAW_IN_EARTH_FRAME],
)
def test_a_camera_in_a_gimbal_hangs_as_its_flags_say(place, port, hovering, flags):
    hoverer = hovering(autopilot=m.MAV_AUTOPILOT_PX4)
    hoverer.gimbal = flags
    more = ("--autopilot", "px4", "--gimbal")
    for said in heard_by(place, port, hoverer, "GLOBAL_POSITION_SENSOR", *more):
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
