"""How a map is cut into tiles, and the order in which the tiles are stored."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import RangeError
from edgegeo.geodesy import enu_from_geo, geo_from_enu
from edgegeo.maps.satmap import Raster

CELL_M = 10.0  # side of a cell of the space-filling curve
SLACK = 0.01  # of a tile: no further row for so little ground
PROBE_PX = 16  # side of the small crop that tells how much of a tile has data


def tile_centres(
    raster: Raster, tile_m: float, overlap: float, min_coverage: float = 0.6
) -> Iterator[tuple[float, float]]:
    """Yield (lat_deg, lon_deg) of the tiles of a raster, row by row from the north.

    The stride is at most tile_m * (1 - overlap), evened out so that the first and the last
    tile touch the raster's edges. A tile is left out when less than `min_coverage` of it has
    data; of a raster smaller than a tile, that share of what the raster could fill.
    """
    if not 0 < tile_m < math.inf:
        raise RangeError.of("tile_m", "positive and finite", tile_m)
    if not 0 <= overlap < 1:
        raise RangeError.of("overlap", "in [0, 1)", overlap)
    south, west, north, east = raster.bounds
    lat0, lon0 = (south + north) / 2, (west + east) / 2
    width_m = float(enu_from_geo(lat0, east, lat0, west)[0])
    height_m = float(enu_from_geo(north, lon0, south, lon0)[1])
    wanted = min_coverage * min(1.0, width_m / tile_m) * min(1.0, height_m / tile_m)
    stride_m = tile_m * (1 - overlap)
    for north_m in -_positions(height_m, tile_m, stride_m):
        for east_m in _positions(width_m, tile_m, stride_m):
            lat, lon = (float(x) for x in geo_from_enu(east_m, north_m, lat0, lon0))
            if wanted <= 0 or raster.crop(lat, lon, tile_m, PROBE_PX)[1].mean() >= wanted:
                yield lat, lon


def _positions(extent_m: float, tile_m: float, stride_m: float) -> NDArray[np.float64]:
    """Return tile centres along one axis, in metres from the middle of the raster."""
    room_m = extent_m - tile_m
    if room_m <= SLACK * tile_m:
        return np.zeros(1)
    steps = max(1, math.ceil((room_m - SLACK * tile_m) / stride_m))
    return np.linspace(-room_m / 2, room_m / 2, steps + 1)


def hilbert_order(lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the (n,) order that sorts points along one Hilbert curve over their bounding box.

    Points close on the ground come close in the order, so a circle on the map becomes a few
    runs of rows. Cells are about 10 m; points of one cell keep their order.
    """
    lat, lon = np.asarray(lat_deg, np.float64), np.asarray(lon_deg, np.float64)
    if lat.size == 0:
        return np.zeros(0, np.int64)
    middle = (lat.min() + lat.max()) / 2
    turn = np.mod(lon - lon[0] + 180.0, 360.0) - 180.0
    east, _ = enu_from_geo(middle, turn, middle, 0.0)
    _, north = enu_from_geo(lat, 0.0, lat.min(), 0.0)
    x = ((east - east.min()) / CELL_M).astype(np.int64)
    y = (north / CELL_M).astype(np.int64)
    bits = max(1, int(max(x.max(), y.max())).bit_length())
    return np.argsort(_hilbert_index(x, y, bits), kind="stable").astype(np.int64)


def _hilbert_index(x: NDArray[np.int64], y: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Return each cell's place along the Hilbert curve of a 2^bits square."""
    place = np.zeros(x.shape, np.int64)
    for level in range(bits - 1, -1, -1):
        side = np.int64(1) << level
        right, upper = (x & side) > 0, (y & side) > 0
        place += side * side * ((3 * right) ^ upper)
        x, y = x & (side - 1), y & (side - 1)
        flip = right & ~upper
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
    return place
