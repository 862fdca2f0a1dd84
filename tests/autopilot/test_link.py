"""The line to an autopilot over real loopback UDP: up, lost, back, by every kind of line."""

import os
import socket
import time

import pytest

pytest.importorskip("pymavlink")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo.autopilot.ardupilot_reset import external_position_estimate
from edgegeo.autopilot.link import Link, LinkState
from edgegeo.camera import camera_from_fov
from tests.autopilot.fixes import a_fix
from tests.autopilot.listening import PATIENCE_S, listening, until
from tests.autopilot.listening import peer as peer
from tests.autopilot.listening import port as port
from tests.autopilot.listening import quick as quick


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
def test_answers_to_our_own_commands_are_kept(port, peer):
    def answer():
        peer.send(m.MAVLink_command_ack_message(43003, 4))
        peer.send(m.MAVLink_command_ack_message(400, 0))  # of what somebody else asked for

    with listening(port) as link:
        until(lambda: link.counts["COMMAND_ACK"] > 2, every=answer)
        assert link.answers == {}
        assert link.send(external_position_estimate(a_fix(), 1_250_000))
        assert set(link.answers) == {43003}
        until(lambda: link.answers == {43003: 4}, every=answer)


@pytest.mark.usefixtures("quick")
def test_a_lost_line_is_told_and_taken_up_again(port, peer):
    def life():
        peer.heartbeat()
        peer.pump()

    with listening(port) as link:
        until(lambda: "COMMAND_LONG" in peer.names(), every=life)  # it has seen that the line is up
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
def test_a_serial_line_carries_the_same_and_comes_back_when_plugged_in_again(tmp_path):
    pytest.importorskip("serial")
    beat = m.MAVLink_heartbeat_message(2, 3, 0, 0, 4, 3)
    data = beat.pack(m.MAVLink(None, srcSystem=1, srcComponent=1))
    name = tmp_path / "ttyAUTOPILOT"

    def plug():
        ends = os.openpty()
        os.set_blocking(ends[0], False)
        name.unlink(missing_ok=True)
        name.symlink_to(os.ttyname(ends[1]))
        return ends

    ends = plug()
    with Link(f"serial:{name}:57600") as link:
        until(lambda: link.state is LinkState.UP, every=lambda: os.write(ends[0], data))
        got = os.read(ends[0], 100_000)
        for end in ends:
            os.close(end)
        until(lambda: link.state is LinkState.LOST)
        assert not link.send(beat)
        ends = plug()
        until(lambda: link.state is LinkState.UP, every=lambda: os.write(ends[0], data))
        assert link.send(beat)
    assert m.MAVLink(None).parse_buffer(got[: got.index(b"\xfd", 1)])
    for end in ends:
        os.close(end)


def test_a_silent_port_is_told(port):
    with listening(port) as link:
        assert link.state is LinkState.NOTHING
        assert "right port" in link.problems()[0]
