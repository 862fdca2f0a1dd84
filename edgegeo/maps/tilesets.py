"""Web map tiles in Web Mercator, cut and joined; where they are stored is tilestore's matter."""

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import MapError
from edgegeo.geodesy import distance_m
from edgegeo.maps.bands import Bands, bands_of, fill_warnings, has_mask, is_fill, read_raw
from edgegeo.maps.mapfill import Fill, find_fill, grow
from edgegeo.maps.rasterfile import opened_image
from edgegeo.maps.tilestore import TileStore
from edgegeo.maps.warp import (
    Crop,
    Pixels,
    Weights,
    box_shrink,
    nothing,
    pixel_from_tile,
    tile_corners,
    warp,
)

CACHED_TILES = 64  # decoded tiles held a map: 16 to 64 MB
OVERVIEW_TILES = 16  # a side, of the overview that fill is looked for in
MOST_TILES = 4096  # decoded to look for fill; a larger single zoom is not searched
CELLS = 16  # a side, of one tile in that overview
MAX_LAT_DEG = 84.0


class TileSet:
    """A pyramid of square image tiles; see satmap.Raster for what it offers.

    The highest zoom is the map. A crop that needs less than a quarter of its detail is read
    from a lower zoom where there is one.
    """

    def __init__(self, store: TileStore, nodata: float | None = None) -> None:
        self.name, self._store, self._nodata = store.name, store, nodata
        self.licence, self.attribution = store.licence, store.attribution
        self._zoom = max(store.zooms)
        self._bands = Bands((1,))
        self._decode = functools.lru_cache(maxsize=CACHED_TILES)(self._decode_anew)
        self._fill: Fill | None = None
        self._side = 0  # pixels a side of every tile, learnt from the first
        first = self._decode(self._zoom, *store.any_tile(self._zoom))
        if first is None:
            raise MapError(f"{store.name}: holds no tile")
        self._side = first[0].shape[0]

        x0, y0, x1, y1 = store.extent(self._zoom)
        edge_lat, edge_lon = self._geo(np.array([x0, x1]), np.array([y1, y0]))
        if np.abs(edge_lat).max() > MAX_LAT_DEG:
            raise MapError(f"{store.name}: reaches beyond {MAX_LAT_DEG} degrees of latitude")
        south, north, west, east = (float(v) for v in (*edge_lat, *edge_lon))
        self.bounds = (south, west, north, east)
        one = np.array([0, 1 / self._side])
        lat, lon = self._geo((x0 + x1) / 2 + one, (y0 + y1) / 2 + 0 * one)
        self.gsd_m = float(distance_m(lat[0], lon[0], lat[1], lon[1]))
        if nodata is None:
            self._fill = self._find_fill()
            self._decode.cache_clear()
        self.warnings = fill_warnings(self._fill, self._bands)

    def crop(self, lat_deg: float, lon_deg: float, side_m: float, px: int) -> Crop:
        """Return (rgb (px, px, 3) uint8, valid (px, px) float32) of a north-up square."""
        lat, lon = tile_corners(lat_deg, lon_deg, side_m)
        unit = _mercator(lat, lon)
        shrink = float(np.ptp(unit[:, 0])) * 2**self._zoom * self._side / px
        zoom = self._zoom_for(shrink)
        edges = unit * 2**zoom * self._side
        left = shrink / 2 ** (self._zoom - zoom)
        k = 1 if left < 8 else min(self._side, 2 ** int(math.log2(left / 4)))
        low = np.floor(edges.min(axis=0) / self._side).astype(int)
        high = np.floor(edges.max(axis=0) / self._side).astype(int) + 1
        x0, y0, x1, y1 = self._store.extent(zoom)
        low, high = np.maximum(low, [x0, y0]), np.minimum(high, [x1, y1])
        if (low >= high).any():
            return nothing(px)
        rgb, weight = self._joined(zoom, low, high, k)
        return warp(rgb, weight, pixel_from_tile((edges - low * self._side) / k - 0.5, px), px)

    def close(self) -> None:
        """Close the store and forget the decoded tiles."""
        self._decode.cache_clear()
        self._store.close()

    def _zoom_for(self, shrink: float) -> int:
        if self._fill is not None or self._nodata is not None:
            return self._zoom
        wanted = self._zoom - max(0, int(math.log2(max(1.0, shrink / 2))))
        return min(z for z in self._store.zooms if z >= wanted)

    def _joined(
        self, zoom: int, low: NDArray[np.int64], high: NDArray[np.int64], k: int
    ) -> tuple[Pixels, Weights]:
        """Return the tiles [low, high) (x, y) of a zoom side by side, each shrunk k times."""
        side = self._side // k
        cols, rows = (int(n) for n in high - low)
        rgb = np.zeros((rows * side, cols * side, 3), np.uint8)
        weight = np.zeros((rows * side, cols * side), np.uint8)
        for row in range(rows):
            for col in range(cols):
                tile = self._decode(zoom, int(low[0]) + col, int(low[1]) + row)
                if tile is not None:
                    at = np.s_[row * side : (row + 1) * side, col * side : (col + 1) * side]
                    rgb[at], weight[at] = tile if k == 1 else box_shrink(*tile, k, k)
        return rgb, weight

    def _decode_anew(self, zoom: int, x: int, y: int) -> tuple[Pixels, Weights] | None:
        data = self._store.read(zoom, x, y)
        if data is None:
            return None
        try:
            with opened_image(data) as dataset:
                bands = bands_of(dataset, self._nodata)
                raw, mask = read_raw(dataset, bands, has_mask(dataset, self._nodata))
        except MapError as error:
            raise MapError(f"{self.name}: tile {zoom}/{x}/{y} is {error}") from error
        side = self._side or raw.shape[0]
        if raw.shape[:2] != (side, side) or raw.dtype != np.uint8:
            raise MapError(
                f"{self.name}: tile {zoom}/{x}/{y} must be ({side}, {side}) of 8 bit, "
                f"got {raw.shape[:2]} of {raw.dtype}"
            )
        rgb, valid = bands.rgb(raw), bands.valid(raw, mask)
        if self._fill is not None and zoom == self._zoom:
            valid &= ~(self._near_fill(x, y, self._fill) & is_fill(rgb, self._fill))
        return rgb, valid.astype(np.uint8) * np.uint8(255)

    def _overview_zoom(self) -> int:
        """Return the highest zoom of few tiles, or the lowest of all."""
        few = [z for z in self._store.zooms if _tiles(self._store.extent(z)) <= OVERVIEW_TILES**2]
        return max(few, default=min(self._store.zooms))

    def _find_fill(self) -> Fill | None:
        zoom = self._overview_zoom()
        x0, y0, x1, y1 = self._store.extent(zoom)
        if _tiles((x0, y0, x1, y1)) > MOST_TILES:
            return None
        picked = (np.arange(CELLS) * 2 + 1) * self._side // (2 * CELLS)
        overview = np.zeros(((y1 - y0) * CELLS, (x1 - x0) * CELLS, 3), np.uint8)
        valid = np.zeros(overview.shape[:2], bool)
        for y in range(y0, y1):
            for x in range(x0, x1):
                tile = self._decode(zoom, x, y)
                if tile is not None:
                    row, col = (y - y0) * CELLS, (x - x0) * CELLS
                    at = np.s_[row : row + CELLS, col : col + CELLS]
                    overview[at] = tile[0][np.ix_(picked, picked)]
                    valid[at] = tile[1][np.ix_(picked, picked)] > 0
        fill = find_fill(overview, valid)
        return None if fill is None else fill._replace(cells=grow(fill.cells))

    def _near_fill(self, x: int, y: int, fill: Fill) -> NDArray[np.bool_]:
        """Return (side, side): which pixels of a tile of the highest zoom lie by the fill."""
        zoom = self._overview_zoom()
        x0, y0, _, _ = self._store.extent(zoom)
        at = (np.arange(self._side) + 0.5) / self._side
        scale = CELLS / 2 ** (self._zoom - zoom)
        cols = np.clip((x + at) * scale - x0 * CELLS, 0, fill.cells.shape[1] - 1).astype(int)
        rows = np.clip((y + at) * scale - y0 * CELLS, 0, fill.cells.shape[0] - 1).astype(int)
        return np.asarray(fill.cells[np.ix_(rows, cols)], np.bool_)

    def _geo(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return (lat, lon) in degrees of points counted in tiles of the highest zoom."""
        n = 2**self._zoom
        return np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y / n)))), x / n * 360 - 180


def _mercator(lat_deg: Any, lon_deg: Any) -> NDArray[np.float64]:
    """Return (k, 2) x, y of points in Web Mercator, the world's NW corner at 0, 0, SE at 1, 1."""
    y = (1 - np.arcsinh(np.tan(np.radians(lat_deg))) / np.pi) / 2
    return np.stack([(np.asarray(lon_deg) + 180) / 360, y], axis=-1)


def _tiles(extent: tuple[int, int, int, int]) -> int:
    return (extent[2] - extent[0]) * (extent[3] - extent[1])
