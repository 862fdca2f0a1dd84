"""A frame made ready to be located: straight, and with the pose of its exposure."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgegeo.camera import Camera, Undistortion
from edgegeo.camera_pose import CameraPose, LocateKeywords
from edgegeo.fly.tally import Skip
from edgegeo.fly.vehicle import Vehicle
from edgegeo.framing import FOOTPRINT_SHARE
from edgegeo.height import Height, HeightSource
from edgegeo.sources import Frame
from edgegeo.types import Reject

WAIT_S, WAITS = 0.02, 5  # the attitude of an exposure may come a little later than the picture
ASSUMED_TILT_DEG, ASSUMED_HEIGHT = 5.0, 0.3  # errors where neither is told: sigma, relative


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A frame ready to be located. `image` is that of a centred pinhole of `fov_deg`."""

    image: NDArray[np.uint8]
    pose: CameraPose  # with what is assumed where nothing is told
    told: bool  # whether the pose is the vehicle's
    view: LocateKeywords
    fov_deg: float

    @property
    def focal_px(self) -> float:
        return float(self.image.shape[1]) / 2 / math.tan(math.radians(self.fov_deg) / 2)

    def nadir_px(self) -> tuple[float, float]:
        """Return the pixel straight below the camera: down as the tilted camera has it."""
        height, width = self.image.shape[:2]
        roll, pitch = math.radians(self.pose.roll_deg), math.radians(self.pose.pitch_deg)
        right, back = math.tan(roll), math.tan(pitch) / math.cos(roll)
        return (width - 1) / 2 + self.focal_px * right, (height - 1) / 2 + self.focal_px * back


class Looking:
    """Knows the camera; asks the vehicle.

    Args:
        camera: calibrated, or what gives the camera of frames of a size (width, height); asked
            at every frame.
        without_attitude: a frame whose attitude or height is not told is taken as looking
            straight down from the height that the engine was built for, with wide errors.
        scaled: frames of another size than the calibration's are whole pictures, resized.
    """

    def __init__(
        self,
        camera: Camera | Callable[[int, int], Camera],
        vehicle: Vehicle,
        tile_m: float,
        *,
        without_attitude: bool = False,
        scaled: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._camera, self._vehicle, self._tile_m = camera, vehicle, tile_m
        self._without_attitude, self._scaled, self._sleep = without_attitude, scaled, sleep
        self._undistortion: Undistortion | None = None
        self.doubt: str | None = None  # about the last height

    @property
    def camera(self) -> Camera | None:
        """What the last frame was seen by."""
        return None if self._undistortion is None else self._undistortion.seen_by

    def ready(self, frame: Frame) -> Ready | Skip | Reject:
        """Return the frame with what is known of its view, or why it is not worth a look.

        Raises RangeError for a size that the calibration does not fit.
        """
        straight = self._straight(frame.image)
        pose = self._pose(straight.camera, frame.time_us)
        if pose is None and not self._without_attitude:
            return Skip.NO_ATTITUDE
        self.doubt = _doubt(pose)
        if pose is not None and pose.height is None and not self._without_attitude:
            return Skip.NO_HEIGHT
        fov_deg = straight.camera.fov_deg
        view = LocateKeywords(fov_deg=fov_deg) if pose is None else pose.view(fov_deg)
        if isinstance(view, Reject):
            return view
        return Ready(
            image=straight(frame.image),
            pose=self._assumed(pose, straight.camera, frame.time_us),
            told=pose is not None and pose.height is not None,
            view=view,
            fov_deg=fov_deg,
        )

    def _straight(self, image: NDArray[np.uint8]) -> Undistortion:
        height, width = image.shape[:2]
        if callable(self._camera):
            camera = self._camera(width, height)
        else:
            camera = self._camera.at_size(width, height, scaled=self._scaled)
        if self._undistortion is None or self._undistortion.seen_by != camera:
            self._undistortion = Undistortion(camera)
        return self._undistortion

    def _pose(self, camera: Camera, time_us: int) -> CameraPose | None:
        for _ in range(WAITS):
            pose = self._vehicle.pose(camera, time_us)
            if pose is not None or self._vehicle.silent:
                return pose
            self._sleep(WAIT_S)
        return self._vehicle.pose(camera, time_us)

    def _assumed(self, pose: CameraPose | None, camera: Camera, time_us: int) -> CameraPose:
        """Return the pose with what is assumed where nothing is told."""
        if pose is not None and pose.height is not None:
            return pose
        side_px = min(camera.width_px, camera.height_px)
        height_m = self._tile_m / FOOTPRINT_SHARE / side_px * camera.fx_px
        height = Height(
            height_m=height_m, sigma_m=ASSUMED_HEIGHT * height_m, source=HeightSource.RELATIVE
        )
        if pose is not None:
            return replace(pose, height=height)
        return CameraPose(
            time_us=time_us,
            heading_deg=0.0,
            roll_deg=0.0,
            pitch_deg=0.0,
            height=height,
            tilt_sigma_deg=ASSUMED_TILT_DEG,
        )


def _doubt(pose: CameraPose | None) -> str | None:
    if pose is None or pose.height is None:
        return None
    if pose.height.contradiction is not None:
        return f"heights contradict each other: {pose.height.contradiction}"
    if pose.height.doubtful:
        return "only the height above home is known: over other ground the scale is wrong"
    return None
