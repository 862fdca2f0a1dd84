"""The map of a flight's report: both tracks, ellipses along the way, fixes, the shown frames."""

import numpy as np
from numpy.typing import NDArray

from edgegeo import png
from edgegeo.gallery import Gallery
from edgegeo.geodesy import enu_from_geo
from edgegeo.logs.flown import Flown, Places
from edgegeo.report.drawing import XY, dot, ellipse, place, track
from edgegeo.report.mosaic import Extent, backdrop, extent_around
from edgegeo.report.thin import POINTS, evenly

MOST_ELLIPSES, MOST_FIXES = 200, 1500
PLAIN_MARGIN_M = 60.0


def flight_extent(flown: Flown, gallery: Gallery | None) -> Extent:
    """Return the box around truth and given estimates, else accepted fixes, else the gallery.

    A fix that is far off must not shrink the flight to a dot.
    """
    lat = np.concatenate([flown.estimates.lat_deg[flown.given], flown.truth.lat_deg])
    lon = np.concatenate([flown.estimates.lon_deg[flown.given], flown.truth.lon_deg])
    if not len(lat):
        lat, lon = flown.fixes.lat_deg[flown.accepted], flown.fixes.lon_deg[flown.accepted]
    if not len(lat) and gallery is not None:
        lat, lon = np.asarray(gallery.lat_deg), np.asarray(gallery.lon_deg)
    if not len(lat):
        lat = lon = np.zeros(1)
    return extent_around(lat, lon, PLAIN_MARGIN_M if gallery is None else gallery.tile_m)


def draw_flight(
    flown: Flown, shown: NDArray[np.int64], gallery: Gallery | None, extent: Extent
) -> str:
    """Return the <svg>. `shown` are the fixes with a row in the table, in its order."""
    width, height = extent.size_m
    box = f"{extent.west_m:.1f} {-extent.north_m:.1f} {width:.1f} {height:.1f}"
    ground = ""
    if gallery is not None:
        ground = (
            f'<image x="{extent.west_m:.1f}" y="{-extent.north_m:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" preserveAspectRatio="none" '
            f'href="{png.data_uri(backdrop(gallery, extent))}"/>'
        )
    estimates = flown.estimates
    kept = evenly(len(estimates), POINTS)
    given = np.flatnonzero(flown.given)
    ellipses = given[evenly(len(given), MOST_ELLIPSES)]
    return "\n".join(
        [
            f'<svg id="map" viewBox="{box}" data-home="{box}" role="img" aria-label="Map">{ground}',
            *track(_points(flown.truth, evenly(len(flown.truth), POINTS), extent), "true"),
            *track(_points(estimates, kept, extent, flown.given), "found"),
            *(
                ellipse(xy, (float(ee), float(en), float(nn)))
                for xy, (ee, en, nn) in zip(
                    _points(estimates, ellipses, extent), estimates.cov_m2[ellipses], strict=True
                )
                if xy is not None
            ),
            _dots(flown, extent, accepted=False),
            _dots(flown, extent, accepted=True),
            *(
                _frame(k, xy, bool(flown.accepted[i]))
                for k, (i, xy) in enumerate(
                    zip(shown, _points(flown.fixes, shown, extent), strict=True)
                )
            ),
            '<path class="dot here" d=""/></svg>',
        ]
    )


def positions(flown: Flown, extent: Extent) -> tuple[list[float], list[list[float] | None]]:
    """Return seconds and map positions of the track, for the marker that follows the time."""
    kept = evenly(len(flown.estimates), POINTS)
    seconds = 1e-6 * (flown.estimates.time_us[kept] - flown.span_us[0])
    points = _points(flown.estimates, kept, extent, flown.given)
    return (
        [round(float(s), 2) for s in seconds],
        [None if xy is None else [round(xy[0], 1), round(xy[1], 1)] for xy in points],
    )


def _points(
    places: Places,
    kept: NDArray[np.int64],
    extent: Extent,
    known: NDArray[np.bool_] | None = None,
) -> list[XY | None]:
    """Return the places in the map's metres, None where there is none or it is not `known`."""
    return [
        None
        if np.isnan(places.lat_deg[i]) or (known is not None and not known[i])
        else place((float(places.lat_deg[i]), float(places.lon_deg[i])), extent)
        for i in kept
    ]


def _dots(flown: Flown, extent: Extent, *, accepted: bool) -> str:
    """Return the fixes as one path of dots, thinned out evenly."""
    of = np.flatnonzero((flown.accepted == accepted) & np.isfinite(flown.fixes.lat_deg))
    kept = of[evenly(len(of), MOST_FIXES)]
    east, north = enu_from_geo(
        flown.fixes.lat_deg[kept], flown.fixes.lon_deg[kept], extent.lat0_deg, extent.lon0_deg
    )
    path = "".join(f"M{x:.1f} {-y:.1f}h0" for x, y in zip(east, north, strict=True))
    return f'<path class="dot {"fix" if accepted else "reject"}" d="{path}"/>'


def _frame(row: int, at: XY | None, accepted: bool) -> str:
    """A frame that can be clicked; without a position it has nowhere to be."""
    body = "" if at is None else dot("halo", at) + dot("found" if accepted else "no", at)
    state = "accepted" if accepted else "rejected"
    return f'<g class="frame {state}" data-row="{row}">{body}</g>'
