"""How the camera hung over the ground at an exposure, and what `Localizer.locate` makes of it."""

import math
from dataclasses import dataclass
from typing import TypedDict

from edgegeo.attitude import Quaternion, angles, matrix, quaternion
from edgegeo.camera import Camera
from edgegeo.errors import RangeError
from edgegeo.height import Height
from edgegeo.rectify import tilt_deg
from edgegeo.types import Reject

MAX_TILT_DEG = 30.0  # beyond it the footprint grows lopsided and height errors move the fix
TILT_SIGMA_DEG = 1.0
HEADING_SIGMA_DEG = 5.0
# The gimbal's axes look forward along x; the picture looks down with its up side forward.
GIMBAL_FROM_CAMERA: Quaternion = quaternion(0.0, math.pi / 2, 0.0)


class LocateKeywords(TypedDict, total=False):
    """Keywords of `Localizer.locate`; what is not known is left out."""

    heading_deg: float
    heading_sigma_deg: float
    height_m: float
    gsd_sigma: float
    fov_deg: float
    roll_deg: float
    pitch_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPose:
    """The camera's attitude and height at `time_us` on the computer's monotonic clock.

    `heading_deg` is the true heading of the image's up side; roll and pitch tilt the camera from
    straight down, in the conventions of edgegeo/rectify.py. Sigmas are one standard deviation,
    of the tilt about each axis.
    """

    time_us: int
    heading_deg: float
    roll_deg: float
    pitch_deg: float
    height: Height | None = None
    heading_sigma_deg: float = HEADING_SIGMA_DEG
    tilt_sigma_deg: float = TILT_SIGMA_DEG

    def __post_init__(self) -> None:
        for name in ("heading_deg", "roll_deg", "pitch_deg"):
            if not math.isfinite(getattr(self, name)):
                raise RangeError.of(name, "finite", getattr(self, name))
        for name in ("heading_sigma_deg", "tilt_sigma_deg"):
            if not 0 < getattr(self, name) < math.inf:
                raise RangeError.of(name, "positive and finite", getattr(self, name))

    @property
    def tilt_deg(self) -> float:
        """Angle between the camera's axis and straight down."""
        return tilt_deg(self.roll_deg, self.pitch_deg)

    def view(
        self, fov_deg: float, *, max_tilt_deg: float = MAX_TILT_DEG
    ) -> LocateKeywords | Reject:
        """Return what `Localizer.locate` takes, or why the frame is not worth a look.

        `fov_deg` is that of the centred pinhole the frame has been made into. The relative error
        of the scale is that of the height, and at least 2 %: the ground is not a plane.
        """
        if self.tilt_deg > max_tilt_deg:
            return Reject.OBLIQUE
        view = LocateKeywords(
            heading_deg=self.heading_deg,
            heading_sigma_deg=self.heading_sigma_deg,
            fov_deg=fov_deg,
            roll_deg=self.roll_deg,
            pitch_deg=self.pitch_deg,
        )
        if self.height is not None:
            view["height_m"] = self.height.height_m
            view["gsd_sigma"] = max(0.02, self.height.sigma_m / self.height.height_m)
        return view


def pose_of(
    camera: Camera,
    attitude: Quaternion,
    height: Height | None,
    time_us: int,
    *,
    on_gimbal: bool = False,
    heading_sigma_deg: float = HEADING_SIGMA_DEG,
    tilt_sigma_deg: float = TILT_SIGMA_DEG,
) -> CameraPose:
    """Return the camera's pose from that of the vehicle, or of the gimbal it hangs in.

    `attitude` turns the vehicle's forward-right-down, or with `on_gimbal` the gimbal's (which
    looks along forward), into north-east-down with true north.
    """
    ned_from_mount = matrix(attitude)
    if on_gimbal:
        # The gimbal's forward is the camera's down, its down the side below the picture.
        ned_from_mount = ned_from_mount @ matrix(GIMBAL_FROM_CAMERA)
    mounting = quaternion(
        math.radians(camera.mount_roll_deg),
        math.radians(camera.mount_pitch_deg),
        math.radians(camera.mount_yaw_deg),
    )
    roll, pitch, yaw = angles(ned_from_mount @ matrix(mounting))
    return CameraPose(
        time_us=time_us,
        heading_deg=math.degrees(yaw) % 360.0,
        roll_deg=math.degrees(roll),
        pitch_deg=math.degrees(pitch),
        height=height,
        heading_sigma_deg=heading_sigma_deg,
        tilt_sigma_deg=tilt_sigma_deg,
    )
