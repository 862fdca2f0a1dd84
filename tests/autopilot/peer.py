"""A double of an autopilot on loopback: real UDP, real MAVLink, a clock of its own, no flying."""

import socket
import time
from contextlib import suppress

from pymavlink.dialects.v20 import ardupilotmega as m


class Peer:
    """Talks to a Link that waits at `port` (udpin). Nothing runs by itself: call `pump`."""

    def __init__(self, port, *, system=1, component=1, offset_ns=0, key=None):
        self.port = port
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.mav = m.MAVLink(None, srcSystem=system, srcComponent=component)
        self.mav.robust_parsing = True
        if key is not None:
            self.mav.signing.secret_key = key
            self.mav.signing.sign_outgoing = True
            self.mav.signing.timestamp = int((time.time() - 1420070400) * 1e5)
        self.offset_ns = offset_ns
        self.got = []

    def raw(self, data):
        with suppress(ConnectionRefusedError):  # the other side is not up yet, or no more
            self.socket.send(data)

    def send(self, message):
        self.raw(message.pack(self.mav))

    def heartbeat(self, autopilot=m.MAV_AUTOPILOT_ARDUPILOTMEGA):
        self.send(m.MAVLink_heartbeat_message(m.MAV_TYPE_QUADROTOR, autopilot, 0, 0, 4, 3))

    def pump(self):
        """Take what has come, and answer TIMESYNC."""
        while True:
            try:
                data = self.socket.recv(65535)
            except (BlockingIOError, ConnectionRefusedError):
                return
            for message in self.mav.parse_buffer(data) or []:
                self.got.append(message)
                if message.get_type() == "TIMESYNC" and message.tc1 == 0:
                    now_ns = time.monotonic_ns() + self.offset_ns
                    self.send(m.MAVLink_timesync_message(now_ns, message.ts1))

    def names(self):
        return {message.get_type() for message in self.got}

    def close(self):
        self.socket.close()
