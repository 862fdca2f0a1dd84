"""The line to an autopilot over real loopback UDP: up, lost, back, spoiled, shared, signed."""

import os
import random
import socket
import time

import pytest

pytest.importorskip("pymavlink")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo.autopilot import link as linking
from edgegeo.autopilot.connection import key_of_passphrase, open_connection
from edgegeo.autopilot.link import Link, LinkState
from edgegeo.autopilot.px4 import global_position_sensor
from edgegeo.autopilot.serial_port import SerialPort
from edgegeo.camera import camera_from_fov
from edgegeo.errors import LinkError, RangeError
from tests.autopilot.fixes import a_fix
from tests.autopilot.peer import Peer
from tests.autopilot.wire import frame

PATIENCE_S = 20.0  # a busy machine is no fault


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(linking, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(linking, "SILENT_S", 0.5)


@pytest.fixture
def port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def peer(port):
    double = Peer(port)
    yield double
    double.close()


def until(holds, *, every=lambda: None):
    """Wait until `holds()`, calling `every` meanwhile."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        every()
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def listening(port, **options):
    return Link(f"udpin:127.0.0.1:{port}", **options)


@pytest.mark.usefixtures("quick")
def test_the_autopilot_is_heard_asked_for_rates_and_answered(port, peer):
    peer.offset_ns = 50_000_000_000

    def life():
        peer.heartbeat()
        boot_ms = (time.monotonic_ns() + peer.offset_ns) // 1_000_000
        peer.send(m.MAVLink_attitude_message(boot_ms, 0.0, 0.1, 0.5, 0, 0, 0))
        peer.pump()

    with listening(port) as link:
        until(lambda: link.inbox.sync.ready and link.state is LinkState.UP, every=life)
        until(lambda: "COMMAND_LONG" in peer.names(), every=life)
        now_us = time.monotonic_ns() // 1000
        assert link.inbox.sync.peer_us(now_us) - now_us == pytest.approx(50_000_000, abs=20_000)
        life()
        sample_us = now_us + 1000
        until(lambda: link.inbox.attitudes.at(sample_us) is not None, every=life)
        pose = link.inbox.camera_pose(camera_from_fov(640, 480, 60.0), sample_us)
        assert pose.heading_deg == pytest.approx(28.65, abs=0.01)
        assert link.problems() == []
        assert link.losses == 0
    asked = {int(g.param1) for g in peer.got if g.get_type() == "COMMAND_LONG"}
    assert {30, 33, 132, 285} <= asked
    beat = next(g for g in peer.got if g.get_type() == "HEARTBEAT")
    assert (beat.get_srcSystem(), beat.get_srcComponent()) == (1, 197)


@pytest.mark.usefixtures("quick")
def test_a_question_of_the_autopilot_for_the_time_is_answered(port, peer):
    def life():
        peer.heartbeat()
        peer.send(m.MAVLink_timesync_message(0, 12345))
        peer.pump()

    def answers():
        return [g for g in peer.got if g.get_type() == "TIMESYNC" and g.ts1 == 12345]

    with listening(port):
        until(answers, every=life)
    assert abs(answers()[0].tc1 - time.monotonic_ns()) < 60e9


@pytest.mark.usefixtures("quick")
def test_a_lost_line_is_told_and_taken_up_again(port, peer):
    with listening(port) as link:
        until(lambda: link.state is LinkState.UP, every=peer.heartbeat)
        until(lambda: link.state is LinkState.LOST and link.losses == 1)
        assert "fallen silent" in link.problems()[0]
        until(lambda: link.state is LinkState.UP, every=peer.heartbeat)
        assert link.problems() == []


@pytest.mark.usefixtures("quick")
def test_an_autopilot_that_waits_is_called():
    """udpout: it learns our address from our first heartbeat."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waiting:
        waiting.bind(("127.0.0.1", 0))
        waiting.settimeout(PATIENCE_S)
        with Link(f"udpout:127.0.0.1:{waiting.getsockname()[1]}") as link:
            _, ours = waiting.recvfrom(65535)
            answer = m.MAVLink_heartbeat_message(2, 3, 0, 0, 4, 3)
            data = answer.pack(m.MAVLink(None, srcSystem=1, srcComponent=1))
            until(lambda: link.state is LinkState.UP, every=lambda: waiting.sendto(data, ours))


@pytest.mark.usefixtures("quick")
def test_a_tcp_line_that_is_cut_comes_back():
    beat = m.MAVLink_heartbeat_message(2, 3, 0, 0, 4, 3)
    data = beat.pack(m.MAVLink(None, srcSystem=1, srcComponent=1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        with Link(f"tcp:127.0.0.1:{server.getsockname()[1]}") as link:
            for _ in range(2):
                line, _address = server.accept()
                with line:
                    assert line.recv(1000)  # our heartbeat
                    until(
                        lambda: link.state is LinkState.UP,
                        every=lambda line=line: line.send(data),
                    )
                until(lambda: link.state is LinkState.LOST)


@pytest.mark.usefixtures("quick")
def test_a_serial_line_carries_the_same():
    pytest.importorskip("serial")
    controller, device = os.openpty()
    os.set_blocking(controller, False)
    beat = m.MAVLink_heartbeat_message(2, 3, 0, 0, 4, 3)
    data = beat.pack(m.MAVLink(None, srcSystem=1, srcComponent=1))
    with Link(f"serial:{os.ttyname(device)}:57600") as link:
        until(lambda: link.state is LinkState.UP, every=lambda: os.write(controller, data))
        got = os.read(controller, 100_000)
    assert m.MAVLink(None).parse_buffer(got[: got.index(b"\xfd", 1)])
    os.close(controller)
    os.close(device)


def test_a_silent_port_is_told(port):
    with listening(port) as link:
        assert link.state is LinkState.NOTHING
        assert "right port" in link.problems()[0]


def test_what_is_no_mavlink_is_told(port, peer):
    with listening(port) as link:
        until(
            lambda: link.state is LinkState.NO_MAVLINK,
            every=lambda: peer.raw(b"$GPGGA,,,,,,0,,,,,,,,*66\r\n"),
        )
        assert "baud" in link.problems()[0]


@pytest.mark.usefixtures("quick")
def test_mavlink_without_an_autopilot_is_told(port, peer):
    with listening(port) as link:
        until(
            lambda: link.state is LinkState.NO_AUTOPILOT,
            every=lambda: peer.heartbeat(m.MAV_AUTOPILOT_INVALID),
        )


@pytest.mark.usefixtures("quick")
def test_an_autopilot_of_another_system_id_is_named(port):
    other = Peer(port, system=7)
    with listening(port) as link:
        until(lambda: link.strangers == {7}, every=other.heartbeat)
        assert link.state is LinkState.NO_AUTOPILOT
        assert "system 1 is expected, [7] is heard" in link.problems()
    other.close()


@pytest.mark.usefixtures("quick")
def test_another_components_attitude_is_not_the_vehicles(port, peer):
    gimbal = Peer(port, component=154)
    with listening(port) as link:
        until(
            lambda: link.counts["ATTITUDE"] > 3,
            every=lambda: gimbal.send(m.MAVLink_attitude_message(1, 0, -1.5, 0, 0, 0, 0)),
        )
        assert len(link.inbox.attitudes) == 0
        until(
            lambda: len(link.inbox.attitudes) > 0,
            every=lambda: peer.send(m.MAVLink_attitude_message(1, 0, 0, 0, 0, 0, 0)),
        )
    gimbal.close()


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


@pytest.mark.usefixtures("quick")
def test_a_twin_with_our_sensor_id_is_told_an_echo_and_another_id_are_not(port, peer):
    ours = global_position_sensor(a_fix(), 1_250_000, sensor_id=3)
    twin = Peer(port, component=198)
    with listening(port, sensor_id=3) as link:
        until(lambda: link.counts["HEARTBEAT"] > 0, every=peer.heartbeat)
        assert link.send(ours)
        until(lambda: link.counts["GLOBAL_POSITION_SENSOR"] > 0, every=lambda: twin.send(ours))
        twin.send(global_position_sensor(a_fix(), 9_999_999, sensor_id=4))
        until(lambda: link.counts["GLOBAL_POSITION_SENSOR"] > 1, every=lambda: twin.send(ours))
        assert link.twin is None
        other = global_position_sensor(a_fix(), 7_777_777, sensor_id=3)
        until(lambda: link.twin == (1, 198), every=lambda: twin.send(other))
        assert any("sensor id 3" in said for said in link.problems())
    twin.close()


@pytest.mark.usefixtures("quick")
def test_signed_lines_trust_only_the_key(port):
    key = key_of_passphrase("a phrase")
    assert len(key) == 32
    friend, stranger = Peer(port, key=key), Peer(port)
    with listening(port, signing_key=key) as link:
        until(lambda: link.counts["BAD"] > 3, every=stranger.heartbeat)
        assert link.state is LinkState.NO_MAVLINK
        until(lambda: link.state is LinkState.UP, every=friend.heartbeat)
        until(lambda: friend.got, every=friend.pump)
        assert all(g.get_header().incompat_flags & 1 for g in friend.got)
    friend.close()
    stranger.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pymavlink's leak
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "must be one of udpin"),
        ("udpin:14550", "must be one of udpin"),
        ("carrier:pigeon:1", "carrier"),
        ("udpin:127.0.0.1:0", r"1\.\.65535"),
        ("udpin:127.0.0.1:99999", r"1\.\.65535"),
        ("udpin:192.0.2.1:14550", "cannot open"),
        ("tcp:127.0.0.1:9", "cannot open"),
        ("serial:/dev/no_such_port:57600", "cannot open"),
    ],
)
def test_a_connection_that_cannot_be_opened_is_told(name, message):
    with pytest.raises(LinkError, match=message):
        Link(name)


def test_a_dialect_or_a_key_that_is_none():
    with pytest.raises(LinkError, match="ardupilotmega, common"):
        open_connection("udpin:127.0.0.1:14550", dialect_name="klingon")
    with pytest.raises(RangeError, match="32 bytes"):
        open_connection("udpin:127.0.0.1:14550", signing_key=b"short")


def test_a_serial_port_passes_bytes_on_and_survives_being_unplugged():
    pytest.importorskip("serial")
    controller, device = os.openpty()
    with SerialPort(os.ttyname(device)) as gps:
        assert gps.send(b"$GPGGA*00\r\n")
        assert os.read(controller, 100) == b"$GPGGA*00\r\n"
        os.close(controller)
        os.close(device)
        assert not gps.send(b"$GPGGA*00\r\n")
    with pytest.raises(LinkError, match="no_such_port"):
        SerialPort("/dev/no_such_port")
