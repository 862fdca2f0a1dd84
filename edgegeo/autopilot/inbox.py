"""What the autopilot says, put where it is asked for: attitude, height, velocity, time."""

import math
from collections import Counter
from typing import Any

from edgegeo.attitude import Attitudes, Quaternion, matrix, quaternion
from edgegeo.autopilot.ardupilot_odometry import Origin
from edgegeo.autopilot.gimbal import ned_from_gimbal, yaw_is_of_vehicle
from edgegeo.camera import Camera
from edgegeo.camera_pose import CameraPose, pose_of
from edgegeo.errors import RangeError
from edgegeo.height import Heights, HeightSource
from edgegeo.sighting import Velocity
from edgegeo.timesync import TimeSync

DOWNWARD = 25  # MAV_SENSOR_ROTATION_PITCH_270
INVALID_SIGNAL = 1  # of DISTANCE_SENSOR.signal_quality; 0 is unknown
VELOCITY_SIGMA_M_S = 1.0  # assumed: no message carries it
BACKWARDS_MS = 1000
LATE_US = 1_000_000  # a sample dated further from its arrival has a wrong date


class Inbox:
    """Takes messages of one autopilot, in one thread; others may ask meanwhile.

    `attitudes` and `gimbal` are dated on the computer's monotonic clock through `sync`, or by
    their arrival until that is ready. `velocity`, `altitude_m` (above mean sea level) and
    `origin` are the last word, or None. `strange` counts messages whose content was refused.
    """

    def __init__(self) -> None:
        self.attitudes = Attitudes()
        self.gimbal = Attitudes()
        self.heights = Heights()
        self.sync = TimeSync()
        self.velocity: Velocity | None = None
        self.altitude_m: float | None = None
        self.origin: Origin | None = None
        self.strange: Counter[str] = Counter()
        self._gimbal_of_vehicle = False
        self._boot_ms: int | None = None
        self._up = 1.0  # cosine of the vehicle's tilt

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

    def camera_pose(
        self, camera: Camera, time_us: int, *, on_gimbal: bool = False, **sigmas: float
    ) -> CameraPose | None:
        """Return how the camera hung at an exposure, or None where the attitude is not known.

        `sigmas` are `heading_sigma_deg` and `tilt_sigma_deg` of `camera_pose.pose_of`.
        """
        attitude = self.attitudes.at(time_us)
        if attitude is None:
            return None
        if on_gimbal:
            gimbal = self.gimbal.at(time_us)
            if gimbal is None:
                return None
            attitude = ned_from_gimbal(gimbal, attitude, self._gimbal_of_vehicle)
        height = self.heights.at(time_us)
        return pose_of(camera, attitude, height, time_us, on_gimbal=on_gimbal, **sigmas)

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
        self._turn(quaternion(m.roll, m.pitch, m.yaw), m.time_boot_ms, received_us)

    def _attitude_quaternion(self, m: Any, received_us: int) -> None:
        self._turn((m.q1, m.q2, m.q3, m.q4), m.time_boot_ms, received_us)

    def _turn(self, q: Quaternion, boot_ms: int, received_us: int) -> None:
        self.attitudes.add(self._moment_us(boot_ms, received_us), q)
        self._up = float(matrix(q)[2, 2])

    def _gimbal_device_attitude_status(self, m: Any, received_us: int) -> None:
        w, x, y, z = m.q
        self.gimbal.add(self._moment_us(m.time_boot_ms, received_us), (w, x, y, z))
        self._gimbal_of_vehicle = yaw_is_of_vehicle(m.flags)

    def _global_position_int(self, m: Any, received_us: int) -> None:
        at_us = self._moment_us(m.time_boot_ms, received_us)
        self.heights.add(HeightSource.RELATIVE, at_us, m.relative_alt / 1000)
        self.altitude_m = m.alt / 1000
        self._move(at_us, m.vx / 100, m.vy / 100)

    def _local_position_ned(self, m: Any, received_us: int) -> None:
        self._move(self._moment_us(m.time_boot_ms, received_us), m.vx, m.vy)

    def _move(self, at_us: int, north_m_s: float, east_m_s: float) -> None:
        if not math.isfinite(north_m_s + east_m_s):
            raise RangeError.of("velocity", "finite", (north_m_s, east_m_s))
        self.velocity = Velocity(
            time_us=at_us,
            north_m_s=north_m_s,
            east_m_s=east_m_s,
            sigma_m_s=VELOCITY_SIGMA_M_S,
        )

    def _distance_sensor(self, m: Any, received_us: int) -> None:
        in_range = m.min_distance <= m.current_distance <= m.max_distance
        if m.orientation != DOWNWARD or not in_range or m.signal_quality == INVALID_SIGNAL:
            return
        at_us = self._moment_us(m.time_boot_ms, received_us)
        self._range(at_us, m.current_distance / 100)

    def _rangefinder(self, m: Any, received_us: int) -> None:
        self._range(received_us, m.distance)

    def _range(self, at_us: int, slant_m: float) -> None:
        """A rangefinder fixed to the vehicle looks aslant when that tilts."""
        if slant_m > 0 and self._up > 0.5:
            self.heights.add(HeightSource.RANGEFINDER, at_us, slant_m * self._up)

    def _terrain_report(self, m: Any, received_us: int) -> None:
        if m.spacing > 0:  # 0: no terrain there
            self.heights.add(HeightSource.TERRAIN, received_us, m.current_height)

    def _altitude(self, m: Any, received_us: int) -> None:
        """PX4's word on the terrain: it has no TERRAIN_REPORT. NaN where it does not know."""
        if m.bottom_clearance > 0:
            self.heights.add(HeightSource.TERRAIN, received_us, m.bottom_clearance)

    def _gps_global_origin(self, m: Any, _received_us: int) -> None:
        if (m.latitude, m.longitude) == (0, 0):
            return  # what an autopilot says that has none
        self.origin = Origin(m.latitude / 1e7, m.longitude / 1e7, m.altitude / 1000)
