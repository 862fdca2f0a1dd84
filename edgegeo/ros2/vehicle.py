"""What ROS 2 topics tell of the vehicle: attitude, height, velocity, altitude."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from edgegeo.autopilot.inbox import LATE_US
from edgegeo.autopilot.told import Told
from edgegeo.errors import RangeError
from edgegeo.fly.vehicle import Speaking
from edgegeo.ros2.incoming import attitude, stamp_us

SILENT_US = 3_000_000


class RosVehicle(Speaking):
    """Takes messages in one thread; others may ask meanwhile. Times are those of the ROS clock.

    `strange` counts messages whose content was refused.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(Told())
        self.strange: Counter[str] = Counter()
        self._clock = clock
        self._heard_us: int | None = None

    @property
    def silent(self) -> bool:
        return self._heard_us is None or self._clock() - self._heard_us > SILENT_US

    def problems(self) -> list[str]:
        said = []
        if self.silent:
            said.append("no message tells of the vehicle: are its topics published, and remapped?")
        # A copy: the other thread counts on.
        return said + [
            f"{count} {kind} messages held no usable value"
            for kind, count in sorted(dict(self.strange).items())
        ]

    def take(self, kind: str, message: Any) -> None:
        """Put a message in its place: imu, pose, range, height, twist, px4_attitude, px4_local.

        Content that cannot be (not finite, no quaternion) is counted in `strange`.
        """
        self._heard_us = self._clock()
        try:
            getattr(self, f"_{kind}")(message)
        except RangeError:
            self.strange[kind] += 1

    def _imu(self, m: Any) -> None:
        """sensor_msgs/Imu; a covariance that starts with -1 says that there is no orientation."""
        if m.orientation_covariance[0] != -1:
            self.told.put("attitude", self._stamped(m), *attitude(m.orientation))

    def _pose(self, m: Any) -> None:
        """geometry_msgs/PoseStamped above home."""
        time_us = self._stamped(m)
        self.told.put("attitude", time_us, *attitude(m.pose.orientation))
        self.told.put("relative", time_us, m.pose.position.z)

    def _range(self, m: Any) -> None:
        """sensor_msgs/Range, looking down from the vehicle."""
        if m.min_range <= m.range <= m.max_range and math.isfinite(m.range):
            self.told.put_slant(self._stamped(m), m.range)

    def _height(self, m: Any) -> None:
        """std_msgs/Float64: metres above ground by a terrain model."""
        self.told.put("terrain", self._clock(), m.data)

    def _twist(self, m: Any) -> None:
        """geometry_msgs/TwistStamped in east-north-up."""
        self.told.put("velocity", self._stamped(m), m.twist.linear.y, m.twist.linear.x)

    def _px4_attitude(self, m: Any) -> None:
        """px4_msgs/VehicleAttitude: w, x, y, z, forward-right-down to north-east-down."""
        q = (float(value) for value in m.q)
        self.told.put("attitude", self._dated(int(m.timestamp_sample)), *q)

    def _px4_local(self, m: Any) -> None:
        """px4_msgs/VehicleLocalPosition."""
        time_us = self._dated(int(m.timestamp_sample))
        if m.v_xy_valid:
            self.told.put("velocity", time_us, m.vx, m.vy)
        if m.dist_bottom_valid:
            self.told.put("rangefinder", time_us, m.dist_bottom)
        if m.z_valid:
            self.told.put("relative", time_us, -m.z)
            self.told.put("altitude", time_us, *([m.ref_alt - m.z] if m.z_global else []))

    def _stamped(self, m: Any) -> int:
        return self._dated(stamp_us(m.header.stamp))

    def _dated(self, told_us: int) -> int:
        """Return a message's own time, or that of its arrival where its clock is another one."""
        now_us = self._clock()
        return told_us if abs(now_us - told_us) <= LATE_US else now_us
