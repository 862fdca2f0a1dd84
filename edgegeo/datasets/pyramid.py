"""A georeferenced map cut into tiles at several scales, as Game4Loc cuts UAV-VisLoc.

The map is halved until it fits into one tile of 256 px; level 0 is that one. Game4Loc takes
the tiles of the second and third finest level.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.datasets.footprint import Polygon, iou
from edgegeo.datasets.mosaic import Mosaic
from edgegeo.datasets.records import Geo

TILE_PX = 256


@dataclass(frozen=True, slots=True)
class Chart:
    """A map whose latitude and longitude run straight from corner to corner."""

    mosaic: Mosaic
    north_west: Geo
    south_east: Geo

    def geo(self, x_px: float, y_px: float) -> Geo:
        """Return the place of a point of the map, its corner at 0, 0."""
        (north, west), (south, east) = self.north_west, self.south_east
        x, y = x_px / self.mosaic.width, y_px / self.mosaic.height
        return Geo(north + y * (south - north), west + x * (east - west))

    def pixels(self, lat_deg: Any, lon_deg: Any) -> NDArray[np.float64]:
        """Return (n, 2) x, y of places (n,): the inverse."""
        (north, west), (south, east) = self.north_west, self.south_east
        x = (np.asarray(lon_deg, np.float64) - west) / (east - west) * self.mosaic.width
        y = (np.asarray(lat_deg, np.float64) - north) / (south - north) * self.mosaic.height
        return np.stack([x, y], axis=-1)


@dataclass(frozen=True, slots=True)
class Level:
    """One scale: tiles of `width_px` x `height_px` of the map, named by column and row.

    The last column and row may reach beyond the map.
    """

    zoom: int
    width_px: float
    height_px: float
    columns: int
    rows: int

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Give (column, row) of every tile, column by column."""
        return ((column, row) for column in range(self.columns) for row in range(self.rows))

    def number(self, column: int, row: int) -> int:
        """Return where `tiles` gives a tile."""
        return column * self.rows + row

    def right(self, polygon: Polygon, least_iou: float) -> Iterator[int]:
        """Give the numbers of the tiles whose overlap with a footprint is above `least_iou`."""
        size = np.array([self.width_px, self.height_px])
        last = np.array([self.columns, self.rows]) - 1
        low = np.maximum(np.floor(polygon.min(axis=0) / size).astype(int), 0)
        high = np.minimum(np.floor(polygon.max(axis=0) / size).astype(int), last)
        for column in range(low[0], high[0] + 1):
            for row in range(low[1], high[1] + 1):
                if iou(polygon, self.box(column, row)) > least_iou:
                    yield self.number(column, row)

    def box(self, column: int, row: int) -> tuple[float, float, float, float]:
        """Return a tile's x0, y0, x1, y1 in pixels of the map."""
        x0, y0 = column * self.width_px, row * self.height_px
        return x0, y0, x0 + self.width_px, y0 + self.height_px


def levels(width_px: int, height_px: int) -> tuple[Level, ...]:
    """Return the second and third finest level of a map, the coarser one first.

    >>> levels(1024, 700)[-1]  # halved: 512 x 350, two tiles by two
    Level(zoom=1, width_px=512.0, height_px=512.0, columns=2, rows=2)
    """
    finest = math.ceil(math.log2(max(width_px, height_px) / TILE_PX))
    return tuple(
        _level(zoom, 2 ** (finest - zoom), width_px, height_px)
        for zoom in range(max(0, finest - 2), finest)
    )


def _level(zoom: int, shrink: int, width_px: int, height_px: int) -> Level:
    small_width, small_height = math.ceil(width_px / shrink), math.ceil(height_px / shrink)
    return Level(
        zoom,
        TILE_PX * width_px / small_width,
        TILE_PX * height_px / small_height,
        math.ceil(small_width / TILE_PX),
        math.ceil(small_height / TILE_PX),
    )
