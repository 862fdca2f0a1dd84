"""Which turned and scaled copies of a frame to look for, given what is known of its view."""

import math

from edgegeo.rectify import View

TURN_STEP_DEG = 14.0  # the ranker itself tries 6 degrees to each side, the encoder bears more
REACH_DEG = 9.0  # how far from a copy's heading a frame is still found
REACH_SIGMAS = 2.3
SCALE_STEP = 1.4  # the ranker itself tries 0.8 to 1.25
SCALE_REACH = 1.28
UNKNOWN_SCALES = (0.53, 0.73, 1.0, 1.37, 1.88)  # of the footprint the gallery is built for


def views(
    heading_deg: float | None,
    heading_sigma_deg: float,
    gsd_m: float | None,
    gsd_sigma: float,
    expected_gsd_m: float,
) -> list[View]:
    """Return one view a copy. `gsd_sigma` is relative; `expected_gsd_m` is used without a GSD.

    The cost of a frame grows with the number of copies: 3 with heading and scale known to 10
    degrees and 10 %, 24 without a heading, 5 times as many without a scale.

    >>> [v.heading_deg for v in views(90.0, 10.0, 0.25, 0.1, 0.2)]
    [76.0, 90.0, 104.0]
    >>> len(views(None, 10.0, 0.25, 0.1, 0.2)), len(views(None, 10.0, None, 0.1, 0.2))
    (24, 120)
    """
    headings = [15.0 * i for i in range(24)]
    if heading_deg is not None:
        side = max(0, math.ceil((REACH_SIGMAS * heading_sigma_deg - REACH_DEG) / TURN_STEP_DEG))
        if side <= 12:
            headings = [heading_deg + TURN_STEP_DEG * i for i in range(-side, side + 1)]
    if gsd_m is None:
        scales = [expected_gsd_m * s for s in UNKNOWN_SCALES]
    else:
        reach = REACH_SIGMAS * gsd_sigma - math.log(SCALE_REACH)
        side = max(0, math.ceil(reach / math.log(SCALE_STEP)))
        scales = [gsd_m * SCALE_STEP**i for i in range(-side, side + 1)]
    return [View(h, s) for s in scales for h in headings]
