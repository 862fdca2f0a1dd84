"""What ROS 2 topics tell of the vehicle: attitude, height, velocity, altitude."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from edgegeo.attitude import Attitudes, Quaternion, matrix
from edgegeo.autopilot.inbox import LATE_US
from edgegeo.camera import Camera
from edgegeo.camera_pose import CameraPose, pose_of
from edgegeo.errors import RangeError
from edgegeo.height import Heights, HeightSource
from edgegeo.ros2.incoming import attitude, stamp_us, velocity
from edgegeo.sighting import Velocity


class RosVehicle:
    """Takes messages in one thread; others may ask meanwhile. Times are those of the ROS clock.

    `strange` counts messages whose content was refused.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self.attitudes = Attitudes()
        self.heights = Heights()
        self.altitude_m: float | None = None  # above mean sea level
        self.strange: Counter[str] = Counter()
        self._clock = clock
        self._velocity: Velocity | None = None
        self._up = 1.0  # cosine of the tilt

    def pose(self, camera: Camera, time_us: int) -> CameraPose | None:
        """Return how the camera hung at an exposure; None where that is not known."""
        turn = self.attitudes.at(time_us)
        return None if turn is None else pose_of(camera, turn, self.heights.at(time_us), time_us)

    def velocity(self) -> Velocity | None:
        """Return the last velocity over ground."""
        return self._velocity

    def take(self, kind: str, message: Any) -> None:
        """Put a message in its place: imu, pose, range, height, twist, px4_attitude, px4_local.

        Content that cannot be (not finite, no quaternion) is counted in `strange`.
        """
        try:
            getattr(self, f"_{kind}")(message)
        except RangeError:
            self.strange[kind] += 1

    def _imu(self, m: Any) -> None:
        """sensor_msgs/Imu; a covariance that starts with -1 says that there is no orientation."""
        if m.orientation_covariance[0] != -1:
            self._turn(self._dated(stamp_us(m.header.stamp)), attitude(m.orientation))

    def _pose(self, m: Any) -> None:
        """geometry_msgs/PoseStamped above home."""
        time_us = self._dated(stamp_us(m.header.stamp))
        self._turn(time_us, attitude(m.pose.orientation))
        self.heights.add(HeightSource.RELATIVE, time_us, m.pose.position.z)

    def _range(self, m: Any) -> None:
        """sensor_msgs/Range, looking down from the vehicle."""
        if m.min_range <= m.range <= m.max_range and math.isfinite(m.range):
            self._slant(self._dated(stamp_us(m.header.stamp)), m.range)

    def _height(self, m: Any) -> None:
        """std_msgs/Float64: metres above ground by a terrain model."""
        self.heights.add(HeightSource.TERRAIN, self._clock(), m.data)

    def _twist(self, m: Any) -> None:
        """geometry_msgs/TwistStamped in east-north-up."""
        time_us, linear = self._dated(stamp_us(m.header.stamp)), m.twist.linear
        self._velocity = velocity(linear.y, linear.x, time_us)

    def _px4_attitude(self, m: Any) -> None:
        """px4_msgs/VehicleAttitude: w, x, y, z, forward-right-down to north-east-down."""
        w, x, y, z = (float(value) for value in m.q)
        self._turn(self._dated(int(m.timestamp_sample)), (w, x, y, z))

    def _px4_local(self, m: Any) -> None:
        """px4_msgs/VehicleLocalPosition."""
        time_us = self._dated(int(m.timestamp_sample))
        if m.v_xy_valid:
            self._velocity = velocity(m.vx, m.vy, time_us)
        if m.dist_bottom_valid:
            self.heights.add(HeightSource.RANGEFINDER, time_us, m.dist_bottom)
        if m.z_valid:
            self.heights.add(HeightSource.RELATIVE, time_us, -m.z)
            self.altitude_m = float(m.ref_alt - m.z) if m.z_global else None

    def _turn(self, time_us: int, q: Quaternion) -> None:
        self.attitudes.add(time_us, q)
        self._up = float(matrix(q)[2, 2])

    def _slant(self, time_us: int, slant_m: float) -> None:
        """A rangefinder fixed to the vehicle looks aslant when that tilts."""
        if self._up > 0.5:
            self.heights.add(HeightSource.RANGEFINDER, time_us, slant_m * self._up)

    def _dated(self, told_us: int) -> int:
        """Return a message's own time, or that of its arrival where its clock is another one."""
        now_us = self._clock()
        return told_us if abs(now_us - told_us) <= LATE_US else now_us
