"""MAVProxy, a ground station that others wrote, between the autopilot's double and us."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("cv2")
pytest.importorskip("mcap")
pytest.importorskip("pymavlink")
pytest.importorskip("MAVProxy")

from tests.autopilot.listening import free_port
from tests.autopilot.listening import port as port
from tests.fly.rehearsal import rehearse
from tests.fly.truthful import Plain, Truthful

MAVPROXY = Path(sys.executable).with_name("mavproxy.py")


@pytest.fixture
def proxy(port, tmp_path):
    """MAVProxy takes the autopilot on a port of its own and passes all on to `port`."""
    listens = free_port()
    command = [
        *(sys.executable, str(MAVPROXY), f"--master=udp:127.0.0.1:{listens}"),
        *(f"--out=udpout:127.0.0.1:{port}", "--non-interactive", "--daemon"),
        f"--state-basedir={tmp_path}",
    ]
    with (tmp_path / "mavproxy.txt").open("w") as out:
        running = subprocess.Popen(command, cwd=tmp_path, stdout=out, stderr=out)
    try:
        time.sleep(4.0)
        assert running.poll() is None, (tmp_path / "mavproxy.txt").read_text()
        yield listens
    finally:
        running.terminate()
        running.wait(timeout=10)


@pytest.mark.slow
def test_positions_pass_through_mavproxy(proxy, port, tmp_path):
    """It parses and passes on what it is sent: our messages are MAVLink to others' eyes."""
    scene = Plain()
    flown = rehearse(scene, lambda s: Truthful(scene, s), tmp_path, port, 8.0, by_port=proxy)
    heard = flown.positions()
    assert len(heard) > 10
    assert all((p["system"], p["component"], p["id"]) == (1, 197, 1) for p in heard)
    assert max(p["error_m"] for p in heard) < 20
    assert {"TIMESYNC", "HEARTBEAT", "STATUSTEXT"} <= {said["type"] for said in flown.heard}
    assert flown.tally["accepted"] > 20  # attitude, height and time came through as well
