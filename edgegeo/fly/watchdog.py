"""Tell systemd that the flight is up and alive (sd_notify(3)): one datagram, no library."""

import os
import socket


class Watchdog:
    """Silent where systemd did not start the process with a NOTIFY_SOCKET."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self) -> None:
        self._tell("READY=1")

    def alive(self, status: str) -> None:
        """To be called from the loop that must not hang, more often than WatchdogSec."""
        self._tell(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.sendto(text.encode(), self._address)
        except OSError:
            return  # no reason to end a flight
