"""How a frame is cut up before it is looked at: its looks, and the maps that resample them."""

import math

import numpy as np
from numpy.typing import NDArray

from edgegeo import copies
from edgegeo import rectify as rectifying
from edgegeo.given import Given
from edgegeo.types import Reject

MIN_DETAIL = 0.03  # standard deviation of the network's input over the covered part
FOOTPRINT_SHARE = 0.8  # of the footprint's short side: one tile
MIN_FOOTPRINT_TILES = 0.5  # short side of the footprint
MAX_TILT_DEG = 45.0


def looks_of(shape_hw: tuple[int, int], given: Given, tile_m: float) -> list[copies.Look] | Reject:
    """Return the crops of every view to look for, or why there is nothing to look at."""
    if given.tilt_deg > MAX_TILT_DEG:
        return Reject.OBLIQUE
    gsd_m = given.gsd_at(shape_hw[1])
    if gsd_m is not None and gsd_m * min(shape_hw) < MIN_FOOTPRINT_TILES * tile_m:
        return Reject.SMALL_FOOTPRINT
    views = copies.views(
        given.heading_deg,
        given.heading_sigma_deg,
        gsd_m,
        given.gsd_sigma,
        expected_gsd_m=tile_m / FOOTPRINT_SHARE / min(shape_hw),
    )
    return copies.looks(views, shape_hw, tile_m)


def homographies(
    shape_hw: tuple[int, int], looks: list[copies.Look], given: Given, tile_m: float, px: int
) -> NDArray[np.float64]:
    """Return the maps (l, 3, 3) from pixels of each look to pixels of the frame."""
    return np.stack(
        [
            rectifying.frame_from_tile(
                shape_hw,
                tile_m,
                px,
                look.view.heading_deg,
                look.view.gsd_m,
                given.roll_deg,
                given.pitch_deg,
                given.fov_deg,
                tuple(look.offset_m().tolist()),
            )
            for look in looks
        ]
    )


def has_detail(inputs: NDArray[np.float32]) -> bool:
    """Return whether any of the inputs (l, 4, px, px) shows more than an even surface."""
    return max(map(detail, inputs)) >= MIN_DETAIL


def detail(image: NDArray[np.float32]) -> float:
    """Standard deviation of one (4, px, px) input over what the frame covers."""
    colours, area = image[:3].ravel(), 3 * float(image[3].sum())
    if area < 1:
        return 0.0
    # Colours are 0 where there is no coverage: sums need no mask.
    mean = float(colours.sum()) / area
    return math.sqrt(max(0.0, float(colours @ colours) / area - mean * mean))
