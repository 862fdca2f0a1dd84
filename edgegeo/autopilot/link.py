"""The line to an autopilot: a thread that reads, keeps time, and says what is wrong."""

import threading
import time
from collections import Counter, deque
from enum import Enum
from types import TracebackType
from typing import Any

from edgegeo.autopilot.connection import open_connection
from edgegeo.autopilot.dialect import AUTOPILOT_COMPONENT, COMPONENT, dialect
from edgegeo.autopilot.inbox import Inbox
from edgegeo.autopilot.telemetry import HEARTBEAT_S, heartbeat

SILENT_S = 3.0  # three missed heartbeats
WAIT_S = 0.02
# In Link.counts, beside names of messages.
BAD, UNTRUSTED, UNKNOWN, UNSENT, UNREAD = "BAD", "UNTRUSTED", "UNKNOWN", "UNSENT", "UNREAD"
SIGNED = 1  # MAVLink 2's incompatibility flag
WRONG_SIGNATURE = "Invalid signature"  # pymavlink's word for one that is missing, too
NO_MESSAGE = {BAD, UNTRUSTED, UNKNOWN, UNSENT, UNREAD}
MAX_IDS, REAL = 256, 3  # noise looks like messages of any id, but seldom three times of the same
OTHERS_MAY_SEND = {"GIMBAL_DEVICE_ATTITUDE_STATUS", "DISTANCE_SENSOR"}
# Rates asked of the autopilot (Hz), by message id.
WANTED = {30: 50, 31: 50, 32: 10, 33: 10, 132: 20, 136: 2, 141: 5, 173: 20, 285: 50, 49: 1}


class LinkState(Enum):
    """What is known of the line."""

    NOTHING = "no byte has come: is it the right port, and does the autopilot send there?"
    NO_MAVLINK = "bytes come, but no MAVLink: wrong baud rate, or another protocol"
    UNTRUSTED = "MAVLink comes, but unsigned or signed with another passphrase than ours"
    NO_AUTOPILOT = "MAVLink comes, but no heartbeat of an autopilot"
    UP = "the autopilot is heard"
    LOST = "the autopilot was heard, and has fallen silent"


class Link:
    """Reads an autopilot into an `Inbox` and sends it messages; a context manager.

    Args:
        connection: see `connection.KINDS`.
        system: the vehicle's system id; messages of others are not put into the inbox.
        sensor_id: the id of our GLOBAL_POSITION_SENSOR; one with it from elsewhere is reported.
        signing_key: 32 bytes for MAVLink 2 signing.

    Raises LinkError where the connection cannot be opened at all. Later losses do not raise:
    `state` and `problems` tell them, and the line is taken up again when it comes back.
    """

    def __init__(
        self,
        connection: str,
        *,
        system: int = 1,
        sensor_id: int = 1,
        signing_key: bytes | None = None,
        dialect_name: str = "ardupilotmega",
    ) -> None:
        self.name = connection
        self.system = system
        self.sensor_id = sensor_id
        self.inbox = Inbox()
        self.losses = 0  # times the autopilot fell silent
        self.counts: Counter[str] = Counter()  # messages by type, and NO_MESSAGE
        self.answers: dict[int, int | None] = {}  # to commands we sent: MAV_RESULT, None so far
        self.unknown: Counter[int] = Counter()  # ids that the dialect does not hold
        self.strangers: set[int] = set()  # system ids of other autopilots
        self.twin: tuple[int, int] | None = None  # system and component with our sensor id
        self._asked: deque[int] = deque(maxlen=8)  # TIMESYNC requests under way, ns
        self._sent_us: deque[int] = deque(maxlen=64)  # of our own 296: an echo is no twin
        self._signs = signing_key is not None
        self._is_signed = False  # what the autopilot says
        self._heard_s: float | None = None
        self._was_up = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._connection = open_connection(
            connection, source_system=system, signing_key=signing_key, dialect_name=dialect_name
        )
        self._thread = threading.Thread(target=self._run, name="edgegeo-link", daemon=True)

    def __enter__(self) -> "Link":
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=5.0)
        self._connection.close()

    def send(self, message: Any) -> bool:
        """Send one message; say whether the system took it. Any thread may call."""
        name = message.get_type()
        if name == "GLOBAL_POSITION_SENSOR":
            self._sent_us.append(message.time_usec)
        elif name in ("COMMAND_INT", "COMMAND_LONG"):
            self.answers[message.command] = None
        try:
            with self._lock:
                self._connection.mav.send(message)
            taken = not self._connection.portdead  # of an unplugged serial port, until it is back
        except OSError:
            taken = False
        if not taken:
            self.counts[UNSENT] += 1
        return taken

    @property
    def state(self) -> LinkState:
        if self._heard_s is not None:
            silent = time.monotonic() - self._heard_s > SILENT_S
            return LinkState.LOST if silent else LinkState.UP
        if set(self.counts) - NO_MESSAGE:
            return LinkState.NO_AUTOPILOT
        if self.counts[UNTRUSTED]:
            return LinkState.UNTRUSTED
        return LinkState.NO_MAVLINK if {BAD, UNKNOWN} & set(self.counts) else LinkState.NOTHING

    def problems(self) -> list[str]:
        """Return what an operator should know, in sentences."""
        said = []
        if self.state is not LinkState.UP:
            said.append(f"{self.name}: {self.state.value}")
        if self.state is LinkState.NO_AUTOPILOT and self.strangers:
            said.append(f"system {self.system} is expected, {sorted(self.strangers)} is heard")
        if self._is_signed and not self._signs:
            said.append(
                "the autopilot signs what it says and may refuse what we send unsigned: give its "
                "passphrase"
            )
        if self.twin is not None:
            said.append(
                f"system {self.twin[0]} component {self.twin[1]} also sends positions with sensor "
                f"id {self.sensor_id}: give every localizer an id of its own"
            )
        strange = [number for number, count in sorted(self.unknown.items()) if count >= REAL]
        if strange:
            ids = ", ".join(map(str, strange[:5]))
            said.append(f"messages of an unknown dialect are passed over (ids {ids})")
        said += [
            f"{count} {name} messages held no usable value"
            for name, count in sorted(self.inbox.strange.items())
        ]
        return said

    def _run(self) -> None:
        due = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            try:
                if now >= due:
                    due = now + HEARTBEAT_S
                    self._every_second()
                message = self._connection.recv_msg()
                if message is None:
                    self._wait()
                    continue
                self._take(message, time.monotonic_ns())
            except OSError:  # unplugged, or the other side is gone; it may come back
                self.counts[UNREAD] += 1
                self._stop.wait(WAIT_S)
            except Exception:  # whatever bytes do to a parser, the thread lives on
                self.counts[BAD] += 1
                self._stop.wait(WAIT_S / 10)

    def _wait(self) -> None:
        if not self._connection.select(WAIT_S):
            self._stop.wait(WAIT_S / 10)

    def _every_second(self) -> None:
        up = self.state is LinkState.UP
        if self._was_up and not up:
            self.losses += 1
        if up and not self._was_up:
            self._ask_for_rates()
        self._was_up = up
        self.send(heartbeat())
        asked_ns = time.monotonic_ns()
        self._asked.append(asked_ns)
        self.send(dialect().MAVLink_timesync_message(0, asked_ns))

    def _ask_for_rates(self) -> None:
        m = dialect()
        for number, hertz in WANTED.items():
            self.send(
                m.MAVLink_command_long_message(
                    self.system,
                    AUTOPILOT_COMPONENT,
                    m.MAV_CMD_SET_MESSAGE_INTERVAL,
                    0,
                    number,
                    1e6 / hertz,
                    *[0] * 5,
                )
            )

    def _take(self, message: Any, received_ns: int) -> None:
        name = message.get_type()
        if name == "BAD_DATA":
            self.counts[UNTRUSTED if message.reason == WRONG_SIGNATURE else BAD] += 1
            return
        if name.startswith("UNKNOWN_"):
            number = int(name.removeprefix("UNKNOWN_"))
            self.counts[UNKNOWN] += 1
            if number in self.unknown or len(self.unknown) < MAX_IDS:
                self.unknown[number] += 1
            return
        self.counts[name] += 1
        source = (message.get_srcSystem(), message.get_srcComponent())
        if name == "GLOBAL_POSITION_SENSOR" and message.id == self.sensor_id:
            if message.time_usec not in self._sent_us:
                self.twin = source
        elif source[0] != self.system or source[1] == COMPONENT:
            if name == "HEARTBEAT" and source[1] == AUTOPILOT_COMPONENT:
                self.strangers.add(source[0])
        elif source[1] != AUTOPILOT_COMPONENT and name not in OTHERS_MAY_SEND:
            return  # an old gimbal's ATTITUDE is not the vehicle's
        elif name == "HEARTBEAT":
            if message.autopilot != dialect().MAV_AUTOPILOT_INVALID:
                self._heard_s = time.monotonic()
                self._is_signed = bool(message.get_header().incompat_flags & SIGNED)
        elif name == "COMMAND_ACK":
            if message.command in self.answers:
                self.answers[message.command] = message.result
        elif name == "TIMESYNC":
            self._timesync(message, received_ns)
        else:
            self.inbox.take(message, received_ns // 1000)

    def _timesync(self, message: Any, received_ns: int) -> None:
        if message.tc1 == 0:  # asked by the autopilot
            answer = dialect().MAVLink_timesync_message(time.monotonic_ns(), message.ts1)
            self.send(answer)
        elif message.ts1 in self._asked:
            self._asked.remove(message.ts1)
            self.inbox.sync.add(message.ts1 // 1000, message.tc1 // 1000, received_ns // 1000)
