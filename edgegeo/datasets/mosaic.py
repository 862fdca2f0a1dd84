"""A map in a grid of raster files, read window by window as one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo.datasets.pictures import Fit
from edgegeo.errors import DataError
from edgegeo.maps import rasterfile
from edgegeo.maps.warp import Crop, nothing, pixel_from_tile, warp


@dataclass(frozen=True, slots=True)
class Mosaic:
    """`parts[row][column]`; `rows_px` and `columns_px` are where each begins, and the end."""

    parts: tuple[tuple[Path, ...], ...]
    rows_px: tuple[int, ...]
    columns_px: tuple[int, ...]

    @property
    def width(self) -> int:
        return self.columns_px[-1]

    @property
    def height(self) -> int:
        return self.rows_px[-1]

    def read(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
        """Return pixels [top, bottom) x [left, right), all inside the map, as (h, w, 3) RGB."""
        out = np.empty((bottom - top, right - left, 3), np.uint8)
        for row, paths in enumerate(self.parts):
            y0, y1 = max(top, self.rows_px[row]), min(bottom, self.rows_px[row + 1])
            for column, path in enumerate(paths):
                x0, x1 = max(left, self.columns_px[column]), min(right, self.columns_px[column + 1])
                if x0 >= x1 or y0 >= y1:
                    continue
                in_y, in_x = self.rows_px[row], self.columns_px[column]
                window = ((y0 - in_y, y1 - in_y), (x0 - in_x, x1 - in_x))
                with rasterfile.opened(path) as dataset:
                    bands = dataset.read((1, 2, 3), window=window)
                out[y0 - top : y1 - top, x0 - left : x1 - left] = np.moveaxis(bands, 0, -1)
        return out


def open_mosaic(parts: Sequence[Sequence[Path]]) -> Mosaic:
    """Open the parts, row by row; raises DataError where they do not fit together.

    Only sizes are read. A part must hold red, green and blue of 8 bits.
    """
    sizes = [[_size(path) for path in row] for row in parts]
    widths = [[width for _, width in row] for row in sizes]
    heights = [[height for height, _ in row] for row in sizes]
    if any(row != widths[0] for row in widths) or any(len(set(row)) != 1 for row in heights):
        names = ", ".join(path.name for row in parts for path in row)
        raise DataError(f"{parts[0][0].parent}: {names} are no grid, they are {sizes} (h, w)")
    return Mosaic(
        tuple(tuple(row) for row in parts),
        (0, *accumulate(row[0] for row in heights)),
        (0, *accumulate(widths[0])),
    )


@dataclass(frozen=True, slots=True)
class MosaicTile:
    """A square of a map in its pixels; what lies beyond the map has no data."""

    mosaic: Mosaic
    left: float
    top: float
    width: float
    height: float

    def square(self, px: int, _fit: Fit, /) -> Crop:
        rim = 2 + max(self.width, self.height) / px
        x0, x1 = _span(self.left, self.left + self.width, rim, self.mosaic.width)
        y0, y1 = _span(self.top, self.top + self.height, rim, self.mosaic.height)
        if x0 >= x1 or y0 >= y1:
            return nothing(px)
        rgb = self.mosaic.read(x0, y0, x1, y1)
        left, top = self.left - x0 - 0.5, self.top - y0 - 0.5
        right, bottom = left + self.width, top + self.height
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        whole = np.full(rgb.shape[:2], 255, np.uint8)
        return warp(rgb, whole, pixel_from_tile(corners, px), px)


def _span(low: float, high: float, rim: float, size: int) -> tuple[int, int]:
    return max(0, int(np.floor(low - rim))), min(size, int(np.ceil(high + rim)))


def _size(path: Path) -> tuple[int, int]:
    with rasterfile.opened(path) as dataset:
        if dataset.count < 3 or set(dataset.dtypes[:3]) != {"uint8"}:
            got = f"{dataset.count} of {dataset.dtypes[0]}"
            raise DataError(f"{path}: expected 3 bands of uint8, got {got}")
        return int(dataset.height), int(dataset.width)
