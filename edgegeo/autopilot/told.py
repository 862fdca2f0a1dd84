"""What a vehicle has told of itself, sample by sample, whoever carried the words."""

import math
from collections.abc import Callable
from typing import NamedTuple

from edgegeo.attitude import Attitudes, matrix
from edgegeo.autopilot.gimbal import ned_from_gimbal
from edgegeo.camera import Camera
from edgegeo.camera_pose import CameraPose, pose_of
from edgegeo.errors import RangeError
from edgegeo.height import Heights, HeightSource
from edgegeo.sighting import Velocity

VELOCITY_SIGMA_M_S = 1.0  # assumed: no message carries it


class Sample(NamedTuple):
    """One thing told, of the moment `time_us` on the computer's clock. `values` by `kind`:

    attitude       w, x, y, z: forward-right-down into north-east-down
    gimbal         likewise, then 1 where its yaw counts from the vehicle's nose, 0 from north
    rangefinder    metres to the ground below; terrain, relative: metres above them
    velocity       north, east over ground, m/s
    altitude       metres above mean sea level; nothing where it is no longer known
    """

    kind: str
    time_us: int
    values: tuple[float, ...]


class Told:
    """Takes samples in one thread; others may ask meanwhile.

    `velocity` and `altitude_m` are the last word, or None. `heard` is called with each sample that
    was taken.
    """

    def __init__(self) -> None:
        self.attitudes = Attitudes()
        self.gimbal = Attitudes()
        self.heights = Heights()
        self.velocity: Velocity | None = None
        self.altitude_m: float | None = None
        self.heard: Callable[[Sample], None] | None = None
        self._gimbal_of_vehicle = False
        self._up = 1.0  # cosine of the vehicle's tilt

    def put(self, kind: str, time_us: int, *values: float) -> None:
        """Take one sample. Raises RangeError for what cannot be: not finite, no quaternion."""
        if not all(map(math.isfinite, values)):
            raise RangeError.of(kind, "finite", values)
        match kind, values:
            case "attitude", (w, x, y, z):
                self.attitudes.add(time_us, (w, x, y, z))
                self._up = float(matrix((w, x, y, z))[2, 2])
            case "gimbal", (w, x, y, z, of_vehicle):
                self.gimbal.add(time_us, (w, x, y, z))
                self._gimbal_of_vehicle = bool(of_vehicle)
            case "rangefinder" | "terrain" | "relative", (height_m,):
                self.heights.add(HeightSource[kind.upper()], time_us, height_m)
            case "velocity", (north_m_s, east_m_s):
                self.velocity = Velocity(
                    time_us=time_us,
                    north_m_s=north_m_s,
                    east_m_s=east_m_s,
                    sigma_m_s=VELOCITY_SIGMA_M_S,
                )
            case "altitude", ():
                self.altitude_m = None
            case "altitude", (altitude_m,):
                self.altitude_m = altitude_m
            case _:
                raise RangeError.of("sample", "of a kind that is known", (kind, *values))
        if self.heard is not None:
            self.heard(Sample(kind, time_us, values))

    def put_slant(self, time_us: int, slant_m: float) -> None:
        """Take a range along the vehicle's own down: one that tilts looks aslant."""
        if slant_m > 0 and self._up > 0.5:
            self.put("rangefinder", time_us, slant_m * self._up)

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
