"""A Link that waits for its autopilot on loopback UDP, and waiting for what it will say."""

import socket
import time

import pytest

from edgegeo.autopilot import link as linking
from edgegeo.autopilot.link import Link
from tests.autopilot.peer import Peer

PATIENCE_S = 20.0  # a busy machine is no fault


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(linking, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(linking, "SILENT_S", 0.5)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def peer(port):
    double = Peer(port)
    yield double
    double.close()


def until(holds, *, every=lambda: None, patience_s=PATIENCE_S):
    """Wait until `holds()`, calling `every` meanwhile."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        every()
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def listening(port, **options):
    return Link(f"udpin:127.0.0.1:{port}", **options)
