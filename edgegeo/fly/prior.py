"""Where to search for the next frame: around the estimate, and now and then everywhere."""

import math

from edgegeo import geodesy
from edgegeo.camera_pose import CameraPose
from edgegeo.rectify import camera_offset_m
from edgegeo.sighting import Estimate, State
from edgegeo.types import Prior

SIGMAS, FLOOR_M = 5.0, 60.0
EVERYWHERE_US = 1_000_000  # a wrong belief must not choose for ever what is looked at


class Searching:
    """Chooses the circle that is searched.

    A circle finds what the belief expects. So the whole map is searched once a second, and
    after each frame that a circle did not explain: a wrong place is left that way.
    """

    def __init__(self) -> None:
        self._everywhere_us: int | None = None
        self._explained = False

    def prior(self, estimate: Estimate, pose: CameraPose | None, time_us: int) -> Prior | None:
        """Return the circle for a frame exposed at `time_us`, or None for the whole map.

        The circle is around the ground point at the picture's centre, which for a tilted camera
        lies ahead of the camera itself.
        """
        held = estimate.state in (State.TRACKING, State.DEAD_RECKONING)
        due = self._everywhere_us is None or time_us - self._everywhere_us >= EVERYWHERE_US
        sigma_m, lat, lon = estimate.sigma_m, estimate.lat_deg, estimate.lon_deg
        if not held or due or not self._explained or sigma_m is None or lat is None or lon is None:
            self._everywhere_us = time_us
            return None
        reach_m = 0.0
        if pose is not None and pose.height is not None:
            east_m, north_m = camera_offset_m(
                pose.height.height_m, pose.heading_deg, pose.roll_deg, pose.pitch_deg
            )
            lat_ahead, lon_ahead = geodesy.geo_from_enu(-east_m, -north_m, lat, lon)
            lat, lon = float(lat_ahead), float(lon_ahead)
            reach_m = 0.1 * math.hypot(east_m, north_m)
        return Prior(lat, lon, SIGMAS * sigma_m + FLOOR_M + reach_m)

    def saw(self, explained: bool) -> None:
        """Take whether the last frame was located."""
        self._explained = explained
