"""The map of a report as inline SVG: metres, x east and y south of the extent's origin."""

import math
from collections.abc import Sequence

from edgegeo import png
from edgegeo.gallery import Gallery
from edgegeo.geodesy import enu_from_geo
from edgegeo.report.figures import Row, Truth
from edgegeo.report.mosaic import Extent, backdrop

XY = tuple[float, float]


def draw_map(rows: Sequence[Row], truth: Truth, gallery: Gallery, extent: Extent) -> str:
    """Return the <svg>: backdrop, true and found track, and a group for each frame.

    The group of row i has data-row="i"; it holds the 1-sigma ellipse, the error as a line to
    the true position, and the fix itself, a cross where it was rejected.
    """
    width, height = extent.size_m
    true = [place(truth.get(name), extent) for name, _ in rows]
    found = [place(_position(row), extent) for row in rows]
    kept = [xy if fix.accepted else None for (_, fix), xy in zip(rows, found, strict=True)]
    box = f"{extent.west_m:.1f} {-extent.north_m:.1f} {width:.1f} {height:.1f}"
    return "\n".join(
        [
            f'<svg id="map" viewBox="{box}" data-home="{box}" role="img" aria-label="Map">',
            f'<image x="{extent.west_m:.1f}" y="{-extent.north_m:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" preserveAspectRatio="none" '
            f'href="{png.data_uri(backdrop(gallery, extent))}"/>',
            *track(true, "true"),
            *track(kept, "found"),
            *(_frame(i, rows[i], found[i], true[i]) for i in range(len(rows))),
            "</svg>",
        ]
    )


def scale_bar_m(extent: Extent) -> int:
    """Return a round length of about a fifth of the map's width.

    >>> scale_bar_m(Extent(0.0, 0.0, 0.0, 0.0, 1300.0, 900.0))
    200
    """
    fifth = max(extent.size_m[0] / 5, 1.0)
    power = 10 ** math.floor(math.log10(fifth))
    return int(max(step * power for step in (1, 2, 5) if step * power <= fifth))


def _position(row: Row) -> tuple[float, float] | None:
    fix = row[1]
    return None if fix.lat_deg is None or fix.lon_deg is None else (fix.lat_deg, fix.lon_deg)


def place(position: tuple[float, float] | None, extent: Extent) -> XY | None:
    if position is None:
        return None
    east, north = enu_from_geo(*position, extent.lat0_deg, extent.lon0_deg)
    return float(east), -float(north)


def track(points: Sequence[XY | None], kind: str) -> list[str]:
    """Return polylines through the points, broken where one is missing."""
    runs: list[list[XY]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [
        f'<polyline class="track {kind}" points="'
        + " ".join(f"{x:.2f},{y:.2f}" for x, y in run)
        + '"/>'
        for run in runs
        if len(run) > 1
    ]


def _frame(index: int, row: Row, found: XY | None, true: XY | None) -> str:
    _, fix = row
    parts = []
    if true is not None:
        parts.append(dot("true", true))
    if found is not None:
        x, y = found
        if true is not None:
            parts.append(
                f'<line class="error" x1="{x:.2f}" y1="{y:.2f}" x2="{true[0]:.2f}" '
                f'y2="{true[1]:.2f}"/>'
            )
        if fix.accepted and fix.cov_m2 is not None:
            parts.append(ellipse(found, fix.cov_m2))
        parts.append(dot("halo", found))
        parts.append(dot("found", found) if fix.accepted else _cross(found))
    state = "accepted" if fix.accepted else "rejected"
    return f'<g class="frame {state}" data-row="{index}">{"".join(parts)}</g>'


def dot(kind: str, at: XY) -> str:
    """Return a dot whose size is in screen pixels: a stroke of no length with round ends."""
    return f'<path class="dot {kind}" d="M{at[0]:.2f} {at[1]:.2f}h0"/>'


def _cross(at: XY) -> str:
    return f'<text class="cross" x="{at[0]:.2f}" y="{at[1]:.2f}">&#215;</text>'


def ellipse(at: XY, cov_m2: tuple[float, float, float]) -> str:
    """Return the 1-sigma ellipse of an east-north covariance."""
    ee, en, nn = cov_m2
    middle, spread = (ee + nn) / 2, math.hypot((ee - nn) / 2, en)
    long, short = math.sqrt(max(middle + spread, 0)), math.sqrt(max(middle - spread, 0))
    turn = -math.degrees(math.atan2(2 * en, ee - nn) / 2)  # the y axis points south
    return (
        f'<ellipse class="sigma" rx="{long:.2f}" ry="{short:.2f}" '
        f'transform="translate({at[0]:.2f} {at[1]:.2f}) rotate({turn:.1f})"/>'
    )
