"""Velocity over ground from two frames, for where no autopilot tells it.

Corners are followed from frame to frame (pyramidal Lucas-Kanade; Bouguet 2001, as in OpenCV) and
one similarity is fitted to them by RANSAC, so that a turn of the drone, a logo in the picture and
moving cars do no harm. Phase correlation would be quicker and knows no turn.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import RangeError, ShapeError
from edgegeo.sighting import Velocity
from edgegeo.sources.opencv import require_cv2

WORK_PX = 480  # long side of the pictures that are compared
CORNERS, LEAST, SHARE = 200, 20, 0.5  # looked for; must agree, in number and of those followed
REPROJECTION_PX = 1.5
PIXEL_SIGMA = 0.1  # of the fit, in pixels of the small picture, however good it looks
SHORTEST_S, LONGEST_S = 0.2, 1.5  # between the frames compared: noise, overlap
GSD_SIGMA, HEADING_SIGMA_DEG = 0.05, 5.0  # what the scale and the heading are taken to be worth


@dataclass(frozen=True, eq=False, slots=True)
class _Seen:
    time_us: int
    grey: NDArray[np.uint8]
    nadir_px: tuple[float, float]


class ImageMotion:
    """Give it every frame; it answers about five times a second."""

    def __init__(self) -> None:
        require_cv2()
        self._before: _Seen | None = None

    def see(
        self,
        image: NDArray[np.uint8],
        time_us: int,
        *,
        gsd_m: float,
        heading_deg: float,
        nadir_px: tuple[float, float] | None = None,
    ) -> Velocity | None:
        """Return the velocity between an earlier frame and this one; None where it is not known.

        Args:
            image: (h, w, 3) uint8 BGR.
            time_us: exposure, on the clock of the flight.
            gsd_m: metres a pixel.
            heading_deg: of the image's up side, clockwise from north.
            nadir_px: the pixel (x, y) straight below the camera, by default the centre. Without
                it every degree of tilt between two frames counts as motion, 2 m at 120 m of
                height: give it unless the camera is stabilised.

        The velocity holds for the middle of the two exposures. Its sigma is that of the fit, of
        5 % of scale and of 5 degrees of heading. Raises ShapeError and RangeError.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ShapeError.of("image", "(h, w, 3) uint8", f"{image.shape} {image.dtype}")
        if not 0 < gsd_m < math.inf:
            raise RangeError.of("gsd_m", "positive and finite", gsd_m)
        if not math.isfinite(heading_deg):
            raise RangeError.of("heading_deg", "finite", heading_deg)
        now, shrink = _small(image, time_us, nadir_px)
        before = self._before
        seconds = math.inf if before is None else 1e-6 * (time_us - before.time_us)
        if 0 <= seconds < SHORTEST_S:
            return None
        self._before = now
        if before is None or not 0 < seconds <= LONGEST_S or before.grey.shape != now.grey.shape:
            return None
        moved = _moved(before, now)
        if moved is None:
            return None
        (right_px, down_px), sigma_px = moved
        scale = gsd_m / shrink / seconds
        turn = math.radians(heading_deg)
        right, up = right_px * scale, -down_px * scale
        speed = math.hypot(right, up)
        relative = math.hypot(GSD_SIGMA, math.radians(HEADING_SIGMA_DEG))
        return Velocity(
            time_us=(before.time_us + time_us) // 2,
            north_m_s=up * math.cos(turn) - right * math.sin(turn),
            east_m_s=up * math.sin(turn) + right * math.cos(turn),
            sigma_m_s=math.hypot(sigma_px * scale, relative * speed),
        )


def _small(
    image: NDArray[np.uint8], time_us: int, nadir_px: tuple[float, float] | None
) -> tuple[_Seen, float]:
    cv2 = require_cv2()
    height, width = image.shape[:2]
    shrink = min(1.0, WORK_PX / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    x, y = ((width - 1) / 2, (height - 1) / 2) if nadir_px is None else nadir_px
    below = ((x + 0.5) * size[0] / width - 0.5, (y + 0.5) * size[1] / height - 0.5)
    return _Seen(time_us, np.asarray(grey, np.uint8), below), size[0] / width


def _moved(before: _Seen, now: _Seen) -> tuple[NDArray[np.float64], float] | None:
    """Return how far the camera moved, right and down in small pixels of now, and its sigma."""
    cv2 = require_cv2()
    corners = cv2.goodFeaturesToTrack(before.grey, CORNERS, qualityLevel=0.01, minDistance=8)
    if corners is None or len(corners) < LEAST:
        return None
    followed, found, _ = cv2.calcOpticalFlowPyrLK(
        before.grey, now.grey, corners, None, winSize=(21, 21), maxLevel=4
    )
    found = found.ravel() == 1
    start, end = corners.reshape(-1, 2)[found], followed.reshape(-1, 2)[found]
    if len(start) < LEAST:
        return None
    fit, agree = cv2.estimateAffinePartial2D(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=REPROJECTION_PX
    )
    if fit is None or agree.sum() < max(LEAST, SHARE * len(start)):
        return None
    agree = agree.ravel() == 1
    left = end[agree] - (start[agree] @ fit[:, :2].T + fit[:, 2])
    sigma_px = math.hypot(PIXEL_SIGMA, 2 * float(left.std()) / math.sqrt(agree.sum()))
    below = fit[:, :2] @ np.asarray(before.nadir_px) + fit[:, 2]
    return np.asarray(now.nadir_px) - below, sigma_px
