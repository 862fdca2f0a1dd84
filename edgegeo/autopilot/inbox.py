"""What the autopilot says, put where it is asked for: attitude, height, velocity, time."""

import math
from collections import Counter
from typing import Any

from edgegeo.attitude import quaternion
from edgegeo.autopilot.ardupilot_odometry import Origin
from edgegeo.autopilot.gimbal import yaw_is_of_vehicle
from edgegeo.autopilot.told import Told
from edgegeo.errors import RangeError
from edgegeo.timesync import TimeSync

DOWNWARD = 25  # MAV_SENSOR_ROTATION_PITCH_270
INVALID_SIGNAL = 1  # of DISTANCE_SENSOR.signal_quality; 0 is unknown
BACKWARDS_MS = 1000
LATE_US = 1_000_000  # a sample dated further from its arrival has a wrong date


class Inbox(Told):
    """Takes messages of one autopilot, in one thread; others may ask meanwhile.

    Samples are dated on the computer's monotonic clock through `sync`, or by their arrival until
    that is ready. `origin` is the last word, or None. `strange` counts messages whose content was
    refused.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sync = TimeSync()
        self.origin: Origin | None = None
        self.strange: Counter[str] = Counter()
        self._boot_ms: int | None = None

    def take(self, message: Any, received_us: int) -> bool:
        """Put one decoded message in its place; say whether it is of a kind that is used.

        Content that cannot be (not finite, no quaternion) is counted in `strange`.
        """
        name = message.get_type()
        put = getattr(self, f"_{name.lower()}", None)
        if put is None:
            return False
        try:
            put(message, received_us)
        except RangeError:
            self.strange[name] += 1
        return True

    def _moment_us(self, boot_ms: int, received_us: int) -> int:
        if self._boot_ms is not None and boot_ms < self._boot_ms - BACKWARDS_MS:
            self.sync.restart()
        self._boot_ms = boot_ms
        ours_us = self.sync.ours_us(boot_ms * 1000)
        if ours_us is None or abs(received_us - ours_us) > LATE_US:
            return received_us
        return ours_us

    def _attitude(self, m: Any, received_us: int) -> None:
        if not all(map(math.isfinite, (m.roll, m.pitch, m.yaw))):
            raise RangeError.of("ATTITUDE", "finite", (m.roll, m.pitch, m.yaw))
        at_us = self._moment_us(m.time_boot_ms, received_us)
        self.put("attitude", at_us, *quaternion(m.roll, m.pitch, m.yaw))

    def _attitude_quaternion(self, m: Any, received_us: int) -> None:
        self.put("attitude", self._moment_us(m.time_boot_ms, received_us), m.q1, m.q2, m.q3, m.q4)

    def _gimbal_device_attitude_status(self, m: Any, received_us: int) -> None:
        at_us = self._moment_us(m.time_boot_ms, received_us)
        self.put("gimbal", at_us, *m.q, yaw_is_of_vehicle(m.flags))

    def _global_position_int(self, m: Any, received_us: int) -> None:
        at_us = self._moment_us(m.time_boot_ms, received_us)
        self.put("relative", at_us, m.relative_alt / 1000)
        self.put("altitude", at_us, m.alt / 1000)
        self.put("velocity", at_us, m.vx / 100, m.vy / 100)

    def _local_position_ned(self, m: Any, received_us: int) -> None:
        self.put("velocity", self._moment_us(m.time_boot_ms, received_us), m.vx, m.vy)

    def _distance_sensor(self, m: Any, received_us: int) -> None:
        in_range = m.min_distance <= m.current_distance <= m.max_distance
        if m.orientation != DOWNWARD or not in_range or m.signal_quality == INVALID_SIGNAL:
            return
        self.put_slant(self._moment_us(m.time_boot_ms, received_us), m.current_distance / 100)

    def _rangefinder(self, m: Any, received_us: int) -> None:
        self.put_slant(received_us, m.distance)

    def _terrain_report(self, m: Any, received_us: int) -> None:
        if m.spacing > 0:  # 0: no terrain there
            self.put("terrain", received_us, m.current_height)

    def _altitude(self, m: Any, received_us: int) -> None:
        """PX4's word on the terrain: it has no TERRAIN_REPORT. NaN where it does not know."""
        if m.bottom_clearance > 0:
            self.put("terrain", received_us, m.bottom_clearance)

    def _gps_global_origin(self, m: Any, _received_us: int) -> None:
        if (m.latitude, m.longitude) == (0, 0):
            return  # what an autopilot says that has none
        self.origin = Origin(m.latitude / 1e7, m.longitude / 1e7, m.altitude / 1000)
