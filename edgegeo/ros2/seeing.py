"""From frames to positions, without anything of ROS but its clock."""

import time
from collections import Counter
from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from edgegeo.autopilot.gate import Gate, Silence
from edgegeo.autopilot.output import OutputFix
from edgegeo.camera import Camera, Undistortion
from edgegeo.camera_pose import CameraPose, LocateKeywords
from edgegeo.camera_sighting import sighting
from edgegeo.errors import EdgegeoError
from edgegeo.localizer import Localizer
from edgegeo.ros2.vehicle import RosVehicle
from edgegeo.sighting import Estimate
from edgegeo.track import Tracker
from edgegeo.types import Fix, Reject

WAIT_S, WAITS = 0.02, 5  # the attitude of an exposure may come a little later than the picture


class Seeing:
    """One thread calls `see` with frames, another `tell` at the output rate.

    `skipped` counts frames that were not located, by the reason.
    """

    def __init__(
        self, localizer: Localizer, vehicle: RosVehicle, gate: Gate, clock: Callable[[], int]
    ) -> None:
        self.skipped: Counter[str] = Counter()
        self.last: Fix | None = None
        self._localizer, self._vehicle, self._gate = localizer, vehicle, gate
        self._clock = clock
        self._tracker, self._lock = Tracker(), Lock()
        self._told_us: int | None = None
        self._straight: Undistortion | None = None

    def calibrate(self, camera: Camera) -> None:
        """Take the camera of the frames to come; the same one again costs nothing."""
        if self._straight is None or self._straight.seen_by != camera:
            self._straight = Undistortion(camera)

    def see(self, image: NDArray[np.uint8], time_us: int) -> Fix | None:
        """Locate a (h, w, 3) BGR frame exposed at `time_us` and tell the tracker.

        None where the frame was skipped; nothing that befalls one frame raises.
        """
        ready = self._ready(image, time_us)
        if isinstance(ready, str):
            self.skipped[ready] += 1
            return None
        straight, pose, view = ready
        try:
            fix = self._localizer.locate(straight(image), time_us=time_us, **view)
            seen = sighting(fix, pose)
            with self._lock:
                self._tracker.sight(seen)
        except EdgegeoError as error:
            self.skipped[str(error)] += 1
            return None
        self.last = fix
        return fix

    def tell(self) -> tuple[Estimate, OutputFix | Silence]:
        """Return the estimate for now, and what of it may go out."""
        now_us, told = self._clock(), self._vehicle.velocity()
        with self._lock:
            if told is not None and told.time_us != self._told_us and told.time_us <= now_us:
                self._tracker.move(told)
                self._told_us = told.time_us
            estimate = self._tracker.estimate(now_us)
        return estimate, self._gate.passes(estimate, now_us, alt_m=self._vehicle.altitude_m)

    def _ready(
        self, image: NDArray[np.uint8], time_us: int
    ) -> tuple[Undistortion, CameraPose, LocateKeywords] | str:
        """Return what locating needs, or what is missing."""
        straight = self._straight
        if straight is None:
            return "without camera_info"
        camera = straight.camera
        if (image.shape[1], image.shape[0]) != (camera.width_px, camera.height_px):
            return "not of camera_info's size"
        pose = self._vehicle.pose(camera, time_us)
        for _ in range(WAITS):
            if pose is not None:
                break
            time.sleep(WAIT_S)
            pose = self._vehicle.pose(camera, time_us)
        if pose is None:
            return "without an attitude at the exposure"
        if pose.height is None:
            return "without a height above ground"
        view = pose.view(camera.fov_deg)
        return view.value if isinstance(view, Reject) else (straight, pose, view)
