"""Pictures made of a gallery's thumbnails: the map's backdrop and the sheet of candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgegeo.gallery import Gallery
from edgegeo.geodesy import enu_from_geo

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

PAPER = 238  # grey of the ground no tile shows
MAX_PX = 1400
FRAME_PX = 120  # width of a frame's thumbnail
SHEET_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Extent:
    """The ground a report's map shows, in metres east and north of an origin."""

    lat0_deg: float
    lon0_deg: float
    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def size_m(self) -> tuple[float, float]:
        return self.east_m - self.west_m, self.north_m - self.south_m


def extent_of(points: Sequence[tuple[float, float]], gallery: Gallery) -> Extent:
    """Return the box around (lat, lon) points, a tile wider; without points the gallery's."""
    if points:
        lat, lon = np.array(points, np.float64).T
    else:
        lat, lon = np.asarray(gallery.lat_deg), np.asarray(gallery.lon_deg)
    return extent_around(lat, lon, gallery.tile_m)


def extent_around(lat: F64, lon: F64, margin_m: float) -> Extent:
    """Return the box around at least one point, `margin_m` wider on each side."""
    lat0, lon0 = float(np.median(lat)), float(np.median(lon))
    east, north = enu_from_geo(lat, lon, lat0, lon0)
    return Extent(
        *(lat0, lon0),
        *(float(east.min()) - margin_m, float(north.min()) - margin_m),
        *(float(east.max()) + margin_m, float(north.max()) + margin_m),
    )


def backdrop(gallery: Gallery, extent: Extent) -> U8:
    """Return (h, w, 3) RGB, north up: every tile that touches the extent, best covered last."""
    thumb_px = gallery.thumbnails.shape[1]
    res_m = max(gallery.tile_m / thumb_px, max(extent.size_m) / MAX_PX)
    width, height = (max(1, round(side / res_m)) for side in extent.size_m)
    picture = np.full((height, width, 3), PAPER, np.uint8)
    east, north = enu_from_geo(gallery.lat_deg, gallery.lon_deg, extent.lat0_deg, extent.lon0_deg)
    half = gallery.tile_m / 2
    touch = (east > extent.west_m - half) & (east < extent.east_m + half)
    touch &= (north > extent.south_m - half) & (north < extent.north_m + half)
    rows = np.flatnonzero(touch)
    side = max(1, round(gallery.tile_m / res_m))
    pick = ((np.arange(side) + 0.5) * thumb_px / side).astype(int)
    for row in rows[np.argsort(gallery.coverage[rows], kind="stable")]:
        x = round((east[row] - half - extent.west_m) / res_m)
        y = round((extent.north_m - north[row] - half) / res_m)
        x0, x1, y0, y1 = max(x, 0), min(x + side, width), max(y, 0), min(y + side, height)
        if x0 < x1 and y0 < y1:
            tile = gallery.thumbnails[row][np.ix_(pick[y0 - y : y1 - y], pick[x0 - x : x1 - x])]
            seen = tile.any(axis=2, keepdims=True)  # black is ground the map does not have
            picture[y0:y1, x0:x1] = np.where(seen, tile, picture[y0:y1, x0:x1])
    return picture


def sheet(gallery: Gallery, tiles: Sequence[int]) -> tuple[U8, dict[int, tuple[int, int]]]:
    """Return one picture of all the given tiles, and each tile's (column, row) in it."""
    unique = sorted(set(tiles))
    side = gallery.thumbnails.shape[1]
    columns = max(1, min(SHEET_COLUMNS, len(unique)))
    lines = max(1, -(-len(unique) // columns))
    picture = np.full((lines * side, columns * side, 3), PAPER, np.uint8)
    places = {}
    for k, tile in enumerate(unique):
        line, column = divmod(k, columns)
        places[tile] = (column, line)
        picture[line * side : (line + 1) * side, column * side : (column + 1) * side] = (
            gallery.thumbnails[tile]
        )
    return picture, places


def frame_thumbnail(bgr: U8) -> U8:
    """Return a BGR frame as the small RGB picture a report shows: means over square blocks.

    >>> frame_thumbnail(np.zeros((480, 640, 3), np.uint8)).shape
    (96, 128, 3)
    """
    step = max(1, round(bgr.shape[1] / FRAME_PX))
    height, width = bgr.shape[0] // step, bgr.shape[1] // step
    blocks = bgr[: height * step, : width * step, ::-1].reshape(height, step, width, step, 3)
    return np.asarray(blocks.mean(axis=(1, 3)), np.uint8)
