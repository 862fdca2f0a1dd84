"""The ways out: each takes a position and sends it, or says why it could not."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from edgegeo.autopilot.ardupilot_gps import gps_input
from edgegeo.autopilot.ardupilot_odometry import Origin, odometry, vision_position_estimate
from edgegeo.autopilot.ardupilot_reset import external_position_estimate
from edgegeo.autopilot.link import Link
from edgegeo.autopilot.nmea import sentences
from edgegeo.autopilot.output import OutputFix
from edgegeo.autopilot.px4 import global_position_sensor
from edgegeo.autopilot.serial_port import SerialPort
from edgegeo.autopilot.ubx import nav_pvt
from edgegeo.errors import RangeError

NOT_TAKEN = "the system did not take the message"
NOT_DUE = ""
SET_US = 1_500_000_000_000_000  # a computer's clock before 2017 has not been set

# Outputs a second: what each autopilot's page in edgegeo/autopilot/README.md asks for.
RATES_HZ = {
    "px4": 5.0,
    "ardupilot-odometry": 10.0,
    "ardupilot-vision": 10.0,
    "ardupilot-gps": 5.0,
    "ardupilot-reset": 5.0,
    "nmea": 5.0,
    "ubx": 5.0,
}
BY_SERIAL_PORT = ("nmea", "ubx")

# (fix, now_us) -> None once sent, NOT_DUE where none had to be, or why it was not.
Outlet = Callable[[OutputFix, int], str | None]


class Port(Protocol):
    def send(self, data: bytes) -> bool: ...


def link_outlet(
    path: str,
    link: Link,
    *,
    without_velocity: bool = False,
    send: Callable[[Any], bool] | None = None,
) -> Outlet:
    """Return the outlet of a path that is spoken in MAVLink.

    `send` stands in for the link's own, as where a dry run sends nothing.
    """
    send = send or link.send

    def outlet(fix: OutputFix, now_us: int) -> str | None:
        try:
            message = _message(path, link, fix, now_us, without_velocity)
        except RangeError as error:
            return str(error)
        if isinstance(message, str):
            return message
        return None if send(message) else NOT_TAKEN

    return outlet


def serial_outlet(path: str, port: SerialPort | Port, *, without_velocity: bool = False) -> Outlet:
    """Return the outlet of a path that a GPS receiver speaks."""
    encode = partial(sentences, without_velocity=without_velocity) if path == "nmea" else nav_pvt

    def outlet(fix: OutputFix, _now_us: int) -> str | None:
        try:
            data = encode(fix, utc_us(fix.time_us))
        except RangeError as error:
            return str(error)
        return None if port.send(data) else NOT_TAKEN

    return outlet


def utc_us(time_us: int) -> int:
    """Return the time of day of a moment on the monotonic clock; 0 where it is not known.

    Asked anew each time, for the computer's time of day may be set in flight; and of both clocks
    at once, for a busy computer is late.
    """
    unix_us = (time.time_ns() - time.monotonic_ns()) // 1000 + time_us
    return unix_us if unix_us > SET_US else 0


def _message(path: str, link: Link, fix: OutputFix, now_us: int, without_velocity: bool) -> Any:
    if path == "px4":
        return global_position_sensor(
            fix, now_us, sensor_id=link.sensor_id, target_system=link.system
        )
    if path == "ardupilot-gps":
        return gps_input(fix, utc_us(fix.time_us), without_velocity=without_velocity)
    if path == "ardupilot-reset":
        return external_position_estimate(fix, now_us, target_system=link.system)
    origin: Origin | None = link.inbox.origin
    if origin is None:
        return "the autopilot has not told the origin of its local frame (GPS_GLOBAL_ORIGIN)"
    attitude = link.inbox.attitudes.at(fix.time_us)
    if attitude is None:
        return "the autopilot's attitude is not known for now"
    message = odometry if path == "ardupilot-odometry" else vision_position_estimate
    return message(fix, origin, attitude)
