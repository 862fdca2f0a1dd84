"""The Stanford diagram: true error against the error the position claims not to exceed.

After "The Stanford - ESA Integrity Diagram: A New Tool for The User Domain SBAS Integrity
Assessment" (Tossaint et al., NAVIGATION 54(2), 2007). The protection level is PROTECTION sigma
along the worst direction: a circular Gaussian error exceeds it once in a thousand.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

PROTECTION = 3.72  # sqrt(-2 ln 0.001)
ALERT_M = 50.0  # what counts as misleading everywhere in edgegeo
LOW_M, HIGH_M = 0.1, 1000.0
CELLS = 60  # a side
SIDE = 100.0  # units of the drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """Positions with a known error, by what they claimed; the five add up to `count`."""

    count: int
    nominal: int  # error <= level <= limit
    misleading: int  # level < error <= limit
    hazardous: int  # level <= limit < error
    unavailable: int  # level > limit, and the error does not exceed the level
    unavailable_misleading: int  # level > limit, and the error exceeds even that


def integrity(error_m: F64, sigma_m: F64) -> Integrity:
    """Count the regions of the diagram. Shapes (n,); all finite."""
    level = PROTECTION * sigma_m
    usable, covered = level <= ALERT_M, error_m <= level
    return Integrity(
        count=len(error_m),
        nominal=int((usable & covered).sum()),
        misleading=int((usable & ~covered & (error_m <= ALERT_M)).sum()),
        hazardous=int((usable & (error_m > ALERT_M)).sum()),
        unavailable=int((~usable & covered).sum()),
        unavailable_misleading=int((~usable & ~covered).sum()),
    )


def draw_stanford(error_m: F64, sigma_m: F64) -> str:
    """Return the diagram as <svg>: cells darker with more positions, on logarithmic axes."""
    x, y = _place(error_m), _place(PROTECTION * sigma_m)
    counts, _, _ = np.histogram2d(x, y, bins=CELLS, range=[[0, SIDE], [0, SIDE]])
    side, peak = SIDE / CELLS, max(1.0, float(counts.max()))
    cells = "".join(
        f'<rect x="{i * side:.2f}" y="{SIDE - (j + 1) * side:.2f}" width="{side:.2f}" '
        f'height="{side:.2f}" opacity="{0.25 + 0.75 * math.log1p(n) / math.log1p(peak):.2f}">'
        f"<title>{int(n)}</title></rect>"
        for i, j in np.argwhere(counts > 0)
        for n in (float(counts[i, j]),)
    )
    limit = float(_place(np.array([ALERT_M]))[0])
    ticks = "".join(
        f'<text x="{at:.1f}" y="{SIDE + 5}">{m:g}</text>'
        f'<text x="-3" y="{SIDE - at + 1.2:.1f}" class="left">{m:g}</text>'
        for m in (0.1, 1, 10, 100, 1000)
        for at in _place(np.array([m]))
    )
    return (
        f'<svg id="stanford" viewBox="-14 -3 {SIDE + 20:g} {SIDE + 16:g}" role="img" '
        'aria-label="Stanford diagram">'
        f'<path class="wrong" d="M0 {SIDE}L{limit:.2f} {SIDE - limit:.2f}V{SIDE}z"/>'
        f'<path class="hazard" d="M{limit:.2f} {SIDE}V{SIDE - limit:.2f}H{SIDE}V{SIDE}z"/>'
        f'<path class="idle" d="M0 0H{SIDE}V{SIDE - limit:.2f}H0z"/>{cells}'
        f'<path class="frame-line" d="M0 {SIDE}L{SIDE} 0M{limit:.2f} {SIDE}V0'
        f'M0 {SIDE - limit:.2f}H{SIDE}M0 0V{SIDE}H{SIDE}"/>{ticks}'
        f'<text x="{SIDE / 2}" y="{SIDE + 11}">error, m</text>'
        f'<text x="{-SIDE / 2}" y="-10" transform="rotate(-90)">protection level, m</text></svg>'
    )


def _place(metres: F64) -> F64:
    """Return where a length stands on an axis; what is off the axis stands at its end."""
    share = np.log(np.clip(metres, LOW_M, HIGH_M) / LOW_M) / math.log(HIGH_M / LOW_M)
    return np.asarray(SIDE * share, np.float64)
