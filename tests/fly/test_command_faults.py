"""`edgegeo fly` in a process of its own, given what it should not be given: said, and flown on."""

import random
import re
import resource
import shutil
import time

import pytest

pytest.importorskip("cv2")
pytest.importorskip("mcap")
pytest.importorskip("pymavlink")

import cv2
from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo.logs import read_log
from tests.autopilot.listening import free_port
from tests.autopilot.listening import port as port
from tests.autopilot.wire import frame
from tests.fly.hovering import FRAMES, HEIGHT_M, PICTURES, flying, off_m
from tests.fly.hovering import hovering as hovering
from tests.fly.hovering import place as place

FAR_M = 8.0
PX4 = {"autopilot": m.MAV_AUTOPILOT_PX4}


def line(port, *more):
    return ("--autopilot", "px4", "--connection", f"udpin:127.0.0.1:{port}", *more)


def positions(hoverer):
    """All that were heard so far; each is right."""
    heard = hoverer.heard("GLOBAL_POSITION_SENSOR")
    assert all(off_m(1e-7 * said.lat, 1e-7 * said.lon) < FAR_M for said in heard)
    return heard


def more_positions(flight, hoverer, count=3):
    """Fly until so many more were heard."""
    before = len(positions(hoverer))
    flight.until(lambda: len(positions(hoverer)) >= before + count, every=hoverer.life)


def test_a_silent_port_garbage_and_an_unknown_dialect_and_then_an_autopilot(place, port, hovering):
    hoverer, rng = hovering(**PX4), random.Random(0)
    with flying(place.flags(*line(port))) as flight:
        flight.until_said("no byte has come: is it the right port")
        flight.until_said(
            "bytes come, but no MAVLink", every=lambda: hoverer.raw(rng.randbytes(200))
        )
        hoverer.raw(b"\0" * 300)  # closes any frame that noise has opened
        flight.until_said("unknown dialect", every=lambda: hoverer.raw(frame(60_123, 1, b"abc")))
        assert not positions(hoverer)
        more_positions(flight, hoverer)
        assert flight.stop() == 0


def test_no_attitude_then_heights_that_contradict_then_a_clock_that_goes_back(
    place, port, hovering
):
    hoverer = hovering(offset_ns=100_000_000_000, **PX4)
    hoverer.without = {"ATTITUDE"}
    with flying(place.flags(*line(port, "--stop-after-s", 1))) as flight:
        flight.until_said("attitude at the exposure is not known", every=hoverer.life)
        assert not positions(hoverer)
        hoverer.without, hoverer.terrain_m = set(), 1.5 * HEIGHT_M
        flight.until_said("heights contradict each other: rangefinder", every=hoverer.life)
        more_positions(flight, hoverer)
        hoverer.offset_ns -= 60_000_000_000
        more_positions(flight, hoverer, 20)  # 2 s: of the last sighting they stop after 1
        assert flight.stop() == 0
    times = [said.time_usec for said in positions(hoverer)]
    assert times == sorted(set(times))


def test_a_full_disk_ends_the_log_and_not_the_flight(place, port, hovering, tmp_path):
    hoverer, log = hovering(**PX4), tmp_path / "flight.mcap"
    full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # noqa: E731
    with flying(place.flags(*line(port, "--log", log)), preexec_fn=full) as flight:
        flight.until_said("no longer logged", every=hoverer.life)
        more_positions(flight, hoverer)
        assert flight.stop() == 0
        assert "NOT LOGGED" in flight.said.splitlines()[-1]
    partial = tmp_path / "flight.mcap.partial"
    assert [p.name for p in tmp_path.iterdir()] == [partial.name]
    assert len(list(read_log(partial))) > 10


CALIBRATED = """\
image_width: 640
image_height: 480
camera_name: down
camera_matrix: {rows: 3, cols: 3, data: [554.256, 0, 319.5, 0, 554.256, 239.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
"""


def test_a_calibration_of_another_resolution_sends_nothing(place, port, hovering, tmp_path):
    hoverer, file = hovering(**PX4), tmp_path / "camera.yaml"
    file.write_text(CALIBRATED)
    with flying(place.flags(*line(port), lens=("--camera", file))) as flight:
        flight.until_said("must be 640 x 480 pixels, as calibrated", every=hoverer.life)
        flight.fly_on(1.0, every=hoverer.life)
        assert not positions(hoverer)
        assert flight.stop() == 0


def test_a_camera_that_repeats_its_last_picture_is_a_stall(place, port, hovering, tmp_path):
    """At first it shows each picture twice; then one of them for ever."""
    hoverer, shown, one = hovering(**PX4), tmp_path / "shown", tmp_path / "one"
    shown.mkdir()
    for k in range(FRAMES):
        (shown / f"{k:03d}.png").symlink_to(place.folder / f"{k // 2 % PICTURES}.png")
    pace = ("--images-per-s", 10, "--stop-after-s", 1)
    began_s = time.monotonic()
    with flying(place.flags(*line(port, *pace), source=shown)) as flight:
        more_positions(flight, hoverer)
        for picture in list(shown.iterdir()):
            one.symlink_to(place.folder / "0.png")
            one.replace(picture)
        flight.until_said("the camera has stalled: no new frame", every=hoverer.life)
        took_s = time.monotonic() - began_s
        flight.fly_on(1.0, every=hoverer.life)
        heard = len(positions(hoverer))
        flight.fly_on(0.5, every=hoverer.life)
        assert len(positions(hoverer)) == heard
        assert flight.stop() == 0
    looked_at = re.search(r"of (\d+), \d+ skipped", flight.said.splitlines()[-1])[1]
    assert int(looked_at) <= 5 * took_s + 1


def test_a_picture_cut_off_in_the_middle_ends_a_folder_and_is_said(place, tmp_path):
    whole = (place.folder / "0.png").read_bytes()
    for k in range(6):
        shutil.copy(place.folder / f"{k}.png", tmp_path / f"{k}.png")
    (tmp_path / "4.png").write_bytes(whole[:60])
    with flying(place.flags("--no-attitude", source=tmp_path)) as flight:
        assert flight.process.wait(timeout=30) == 2
        flight.stop()
        assert "the source broke off after 4 frames" in flight.said
        assert "4.png is not an image" in flight.said


def test_a_stream_that_is_cut_in_the_middle_of_a_picture_is_opened_again(place, port, hovering):
    pytest.importorskip("av")
    from tests.fly.tcp_camera import TcpCamera

    hoverer = hovering(**PX4)
    images = [cv2.imread(str(place.folder / f"{k}.png")) for k in range(PICTURES)]
    with TcpCamera(images, cut_at=15) as camera:
        flags = place.flags(*line(port, "--stop-after-s", 1), source=camera.url)
        with flying(flags) as flight:
            flight.until(lambda: camera.lines == 2, every=hoverer.life)
            more_positions(flight, hoverer, 20)  # as above
            assert flight.stop() == 0


def test_two_localizers_with_one_sensor_id_are_told_by_both(place, port, hovering):
    """A double of a router between them: each hears the other's positions."""
    other_port = free_port()
    first, second = hovering(**PX4), hovering(port=other_port, **PX4)
    passed = {first: 0, second: 0}

    def life():
        for here, there in ((first, second), (second, first)):
            here.life()
            heard = here.heard("GLOBAL_POSITION_SENSOR")
            for said in heard[passed[here] :]:
                there.raw(bytes(said.get_msgbuf()))
            passed[here] = len(heard)

    told = "also sends positions with sensor id 1: give every localizer an id of its own"
    with flying(place.flags(*line(port))) as one, flying(place.flags(*line(other_port))) as other:
        one.until_said(told, every=life)
        other.until_said(told, every=life)
        assert positions(first)
        assert positions(second)
