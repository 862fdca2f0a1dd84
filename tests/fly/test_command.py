"""`edgegeo fly` as a user runs it: replays, signals, exit codes, and flags that make no flight."""

import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("cv2")
pytest.importorskip("mcap")
pytest.importorskip("pymavlink")

import cv2
import numpy as np

from edgegeo import fly
from edgegeo.cli import main, parser
from edgegeo.fly.flags import AUTOPILOTS, FLY_EXAMPLE
from edgegeo.fly.outlets import RATES_HZ
from edgegeo.logs import read_log
from edgegeo.sighting import State
from edgegeo.simulation.camera import Shot, render
from tests.sample_engine import LAT, LON, sample_engine, sample_map

SIZE = (200, 160)
FRAMES = 6
COMMAND = "import sys; from edgegeo.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An engine of the stand-in networks, a folder of frames over its map, and their table."""
    folder = tmp_path_factory.mktemp("place")
    sample_engine(folder)
    (folder / "frames").mkdir()
    lines = ["file,lat_deg,lon_deg,heading_deg,gsd_m_per_px"]
    for k in range(FRAMES):
        shot = Shot(lat_deg=LAT, lon_deg=LON, heading_deg=10.0, gsd_m=0.25, size=SIZE)
        image = render(sample_map(), shot, np.random.default_rng(k))
        cv2.imwrite(str(folder / "frames" / f"{k}.png"), image)
        lines.append(f"{k}.png,{LAT},{LON},10.0,0.25")
    (folder / "poses.csv").write_text("\n".join(lines) + "\n")
    return folder


def flags(place, *more):
    frames, engine = str(place / "frames"), str(place / "sample.edgegeo")
    return ["fly", engine, "--source", frames, "--fov-deg", "60", *map(str, more)]


def test_a_fast_replay_uses_every_frame_and_keeps_the_files_clock(place, tmp_path, capsys):
    log, table = tmp_path / "flight.mcap", place / "poses.csv"
    more = ("--replay", table, "--truth", table, "--log", log, "--fast", "--images-per-s", "2")
    assert main(flags(place, *more)) == 0

    assert "flight.mcap" in [p.name for p in tmp_path.iterdir()]
    records = list(read_log(log))
    fixes = [r for r in records if r.topic == "/fix/full"]
    assert [r.value[0] for r in fixes] == [f"{k}.png" for k in range(FRAMES)]
    assert [r.time_us for r in fixes] == [500_000 * k for k in range(FRAMES)]
    outputs = [r.value.time_us for r in records if r.topic == "/estimate/full"]
    assert outputs == [100_000 * k for k in range(1, 26)]
    assert [r.value for r in records if r.topic == "/truth"] == [(LAT, LON)] * FRAMES
    assert f"of {FRAMES}, 0 skipped" in capsys.readouterr().err


def test_a_second_flight_leaves_the_first_log_alone(place, tmp_path):
    log = tmp_path / "flight.mcap"
    for _ in range(2):
        more = ("--replay", place / "poses.csv", "--log", log, "--fast")
        assert main(flags(place, *more)) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["flight-2.mcap", "flight.mcap"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_the_flight_with_a_whole_log(place, tmp_path, number, code):
    log = tmp_path / "flight.mcap"
    more = ("--no-attitude", "--log", log, "--images-per-s", "0.1")
    flying = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *flags(place, *more)],
        stderr=subprocess.PIPE,
        text=True,
    )
    partial = tmp_path / "flight.mcap.partial"
    end = time.monotonic() + 60
    while not partial.exists():
        assert flying.poll() is None, flying.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.1)
    time.sleep(1.5)  # some outputs
    assert not log.exists()
    flying.send_signal(number)
    _, said = flying.communicate(timeout=30)
    assert flying.returncode == code, said
    records = read_log(log)
    states = {r.value.state for r in records if r.topic == "/estimate/full"}
    assert states <= set(State)
    assert states
    assert not records.truncated
    assert not partial.exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "nobody tells attitude"),
        (("--autopilot", "px4", "--no-attitude"), "needs --connection"),
        (("--autopilot", "nmea", "--no-attitude"), "needs --gps-port"),
        (("--autopilot", "ubx", "--no-attitude", "--gps-port", "ttyUSB0"), "DEVICE:BAUD"),
        (("--no-attitude", "--fast"), "--replay POSES"),
        (("--replay", "t", "--fast", "--autopilot", "nmea", "--gps-port", "p:1"), "no time of day"),
        (("--no-attitude", "--truth", "truth.csv"), "--replay POSES"),
        (("--replay", "flight.mcap"), "leave out --source"),
        (("--replay", "poses.csv", "--camera-delay-ms", "5"), "for a live camera"),
        (("--no-attitude", "--log-frames"), "--log-frames needs --log"),
        (("--replay", "poses.csv", "--log", "a.mcap", "--log-frames"), "not for its replay"),
        (("--no-attitude", "--rate-hz", "500"), "[0.5, 50]"),
        (("--no-attitude", "--stop-after-s", "0"), "stop_after_s"),
        (("--no-attitude", "--mount-yaw-deg", "900"), "mount_yaw_deg"),
        (("--connection", "udp:here"), "a connection must be one of"),
        (("--connection", "udpin:127.0.0.1:14999", "--signing-file", "/no/file"), "/no/file"),
        (("--replay", "/no/table.csv"), "/no/table.csv"),
        (("--no-attitude", "--log", "/no/folder/flight.mcap"), "/no/folder"),
    ],
)
def test_what_makes_no_flight_is_told_before_it(place, capsys, more, said):
    assert main(flags(place, *more)) == 2
    assert said in capsys.readouterr().err
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("edgegeo")]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--no-attitude",), "give --source"),
        (("--source", "frames", "--no-attitude"), "nobody tells the lens"),
        (("--replay", "flight.mcap", "--truth", "truth.csv"), "leave out --truth"),
        (("--replay", "poses.csv", "--fov-deg", "60"), "give --source"),
    ],
)
def test_what_only_a_log_can_tell_is_asked_for(place, capsys, monkeypatch, more, said):
    monkeypatch.chdir(place)
    assert main(["fly", str(place / "sample.edgegeo"), *more]) == 2
    assert said in capsys.readouterr().err


def unit() -> str:
    return (Path(fly.__file__).parent / "edgegeo-fly.service").read_text()


@pytest.mark.parametrize("text", [FLY_EXAMPLE, unit()], ids=["help", "systemd unit"])
def test_the_examples_are_commands_that_are_understood(text):
    lines = text.replace("\\\n", " ").splitlines()
    words = [
        shlex.split(line.partition("ExecStart=")[2] or line) for line in lines if "fly" in line
    ]
    commands = [w[1:] for w in words if w[0].endswith("edgegeo") and w[1] == "fly"]
    assert commands
    for command in commands:
        args = parser().parse_args(command)
        assert args.source or args.replay


def test_every_path_has_a_rate():
    assert set(AUTOPILOTS) == set(RATES_HZ)
