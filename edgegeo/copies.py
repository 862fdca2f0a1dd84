"""Which views of a frame to look for, given what is known of it, and which crops of each."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgegeo.rectify import View

TURN_STEP_DEG = 42.0  # the encoder turns a view by 14 degrees to each side, the ranker by 6 more
REACH_DEG = 23.0  # how far from a view's heading a frame is still found
UNKNOWN_HEADINGS = 8
REACH_SIGMAS = 2.3
SCALE_STEP = 1.4  # the ranker itself tries 0.8 to 1.25
SCALE_REACH = 1.28
UNKNOWN_SCALES = (0.53, 0.73, 1.0, 1.37, 1.88)  # of the footprint the gallery is built for
MIN_APART = 0.1  # tile sides between crops that are worth their time
MAX_OFFSET = 1.0  # tile sides from the frame's centre: errors of scale and heading grow with it


@dataclass(frozen=True, slots=True)
class Look:
    """One tile-sized crop of a frame in one view: its centre, from the frame's, on the ground."""

    view: View
    right_m: float
    forward_m: float

    @property
    def crop(self) -> int:
        """Which part of the frame this is, the same in every view."""
        return (self.right_m > 0) + 2 * (self.forward_m > 0)

    @property
    def crop_px(self) -> complex:
        """Right + i up of the crop's centre from the frame's, in pixels of the frame."""
        return complex(self.right_m, self.forward_m) / self.view.gsd_m

    def offset_m(self, turn_deg: ArrayLike = 0.0, scale: ArrayLike = 1.0) -> NDArray[np.float64]:
        """(..., 2) east and north of the crop's centre from the frame's, on the ground.

        In views whose heading is `turn_deg` more and whose scale is `scale` times what was said.

        >>> Look(View(90.0, 0.1), right_m=1.0, forward_m=10.0).offset_m().round(6).tolist()
        [10.0, -1.0]
        """
        heading = np.radians(self.view.heading_deg + np.asarray(turn_deg, np.float64))
        times = np.asarray(scale, np.float64)
        cos, sin = times * np.cos(heading), times * np.sin(heading)
        return np.stack(
            [
                self.right_m * cos + self.forward_m * sin,
                self.forward_m * cos - self.right_m * sin,
            ],
            axis=-1,
        )


def looks(views: list[View], shape_hw: tuple[int, int], tile_m: float) -> list[Look]:
    """Return up to four crops of each view, into the corners of the frame.

    A frame is larger than a tile: together the crops see all of it, or most. One that is no
    larger gives one crop, from its middle.

    >>> [(look.right_m, look.forward_m) for look in looks([View(0.0, 0.1)], (600, 800), 48.0)]
    [(-16.0, -6.0), (16.0, -6.0), (-16.0, 6.0), (16.0, 6.0)]
    >>> len(looks([View(0.0, 0.1)], (400, 500), 48.0))
    1
    """
    found: list[Look] = []
    for view in views:
        right, forward = (spread(side * view.gsd_m, tile_m) for side in shape_hw[::-1])
        found.extend(Look(view, x, y) for y in forward for x in right)
    return found


def spread(side_m: float, tile_m: float) -> tuple[float, ...]:
    """Where along a frame's side the crops' centres lie."""
    out = min((side_m - tile_m) / 2, MAX_OFFSET * tile_m)
    return (-out, out) if 2 * out >= MIN_APART * tile_m else (0.0,)


def views(
    heading_deg: float | None,
    heading_sigma_deg: float,
    gsd_m: float | None,
    gsd_sigma: float,
    expected_gsd_m: float,
) -> list[View]:
    """Return the views. `gsd_sigma` is relative; `expected_gsd_m` is used without a GSD.

    The cost of a frame grows with their number: 1 with heading and scale known to 10 degrees
    and 10 %, 8 without a heading, 5 times as many without a scale.

    >>> views(90.0, 10.0, 0.25, 0.1, 0.2)
    [View(heading_deg=90.0, gsd_m=0.25)]
    >>> len(views(None, 10.0, 0.25, 0.1, 0.2)), len(views(None, 10.0, None, 0.1, 0.2))
    (8, 40)
    """
    headings = [360.0 / UNKNOWN_HEADINGS * i for i in range(UNKNOWN_HEADINGS)]
    if heading_deg is not None:
        side = max(0, math.ceil((REACH_SIGMAS * heading_sigma_deg - REACH_DEG) / TURN_STEP_DEG))
        if 2 * side + 1 < UNKNOWN_HEADINGS:
            headings = [heading_deg + TURN_STEP_DEG * i for i in range(-side, side + 1)]
    if gsd_m is None:
        scales = [expected_gsd_m * s for s in UNKNOWN_SCALES]
    else:
        reach = REACH_SIGMAS * gsd_sigma - math.log(SCALE_REACH)
        side = max(0, math.ceil(reach / math.log(SCALE_STEP)))
        scales = [gsd_m * SCALE_STEP**i for i in range(-side, side + 1)]
    return [View(h, s) for s in scales for h in headings]
