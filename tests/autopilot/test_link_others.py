"""Others on the line: strangers, other components, a twin, those without the key."""

import pytest

pytest.importorskip("pymavlink")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo.autopilot.connection import key_of_passphrase
from edgegeo.autopilot.link import LinkState
from edgegeo.autopilot.px4 import global_position_sensor
from tests.autopilot.fixes import a_fix
from tests.autopilot.listening import listening, until
from tests.autopilot.listening import peer as peer
from tests.autopilot.listening import port as port
from tests.autopilot.listening import quick as quick
from tests.autopilot.peer import Peer


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
    forger = Peer(port, key=key_of_passphrase("another phrase"))
    with listening(port, signing_key=key) as link:
        until(lambda: link.counts["UNTRUSTED"] > 3, every=stranger.heartbeat)
        assert link.state is LinkState.UNTRUSTED
        until(lambda: link.counts["UNTRUSTED"] > 6, every=forger.heartbeat)
        assert link.state is LinkState.UNTRUSTED
        assert "another passphrase" in link.problems()[0]
        until(lambda: link.state is LinkState.UP, every=friend.heartbeat)
        until(lambda: friend.got, every=friend.pump)
        assert all(g.get_header().incompat_flags & 1 for g in friend.got)
    for other in (friend, stranger, forger):
        other.close()


@pytest.mark.usefixtures("quick")
def test_an_autopilot_that_signs_is_told_to_one_who_does_not(port, peer):
    signing = Peer(port, key=key_of_passphrase("a phrase"))
    with listening(port) as link:
        until(lambda: link.state is LinkState.UP, every=signing.heartbeat)
        until(lambda: any("signs what it says" in said for said in link.problems()))
        until(lambda: link.problems() == [], every=peer.heartbeat)
    signing.close()
