"""A line that carries something else than good MAVLink of a dialect that is known."""

import random
import time

import pytest

pytest.importorskip("pymavlink")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo.autopilot.link import LinkState
from tests.autopilot.listening import listening, until
from tests.autopilot.listening import peer as peer
from tests.autopilot.listening import port as port
from tests.autopilot.listening import quick as quick
from tests.autopilot.wire import frame


def test_what_is_no_mavlink_is_told(port, peer):
    with listening(port) as link:
        until(
            lambda: link.state is LinkState.NO_MAVLINK,
            every=lambda: peer.raw(b"$GPGGA,,,,,,0,,,,,,,,*66\r\n"),
        )
        assert "baud" in link.problems()[0]


@pytest.mark.usefixtures("quick")
def test_garbage_on_the_line_is_survived(port, peer):
    """Noise, cut and flipped frames, wild contents of right frames: good ones still come."""
    rng = random.Random(0)
    good = m.MAVLink_attitude_message(1000, 0.1, 0.2, 0.3, 0, 0, 0)

    def noise():
        for _ in range(40):
            data = bytearray(good.pack(peer.mav))
            kind = rng.randrange(4)
            if kind == 0:
                data = bytearray(rng.randbytes(rng.randrange(1, 300)))
            elif kind == 1:
                data = data[: rng.randrange(1, len(data))]
            elif kind == 2:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            else:
                wild = rng.choice([(30, 39, 28), (285, 137, 49), (132, 85, 38), (0, 50, 9)])
                data = frame(wild[0], wild[1], rng.randbytes(wild[2]))
            peer.raw(bytes(data))
        peer.raw(b"\0" * 300)  # closes any frame that noise has opened
        peer.heartbeat()
        peer.send(good)

    with listening(port) as link:
        for _ in range(30):
            noise()
            time.sleep(0.01)
        seen = link.counts["ATTITUDE"]
        until(lambda: link.counts["ATTITUDE"] > seen + 5, every=noise)
        until(lambda: link.state is LinkState.UP, every=peer.heartbeat)
        assert link.counts["BAD"] > 10


@pytest.mark.usefixtures("quick")
def test_messages_of_an_unknown_dialect_are_counted_and_told(port, peer):
    with listening(port) as link:
        peer.raw(frame(60_123, 1, b"abc"))
        until(lambda: link.unknown[60_123] == 1)
        assert not any("unknown dialect" in said for said in link.problems())
        until(lambda: link.unknown[60_123] >= 3, every=lambda: peer.raw(frame(60_123, 1, b"abc")))
        assert any("unknown dialect" in said and "60123" in said for said in link.problems())


def test_noise_with_ever_new_ids_neither_fills_the_memory_nor_passes_for_mavlink(port, peer):
    with listening(port) as link:
        numbers = iter(range(50_000, 10**6))
        until(
            lambda: link.counts["UNKNOWN"] > 400,
            every=lambda: [peer.raw(frame(next(numbers), 1, b"abc")) for _ in range(20)],
        )
        assert len(link.unknown) == 256
        assert link.state is LinkState.NO_MAVLINK
        assert len(link.problems()) == 1
