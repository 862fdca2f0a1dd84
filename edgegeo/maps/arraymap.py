"""A map held in memory: NumPy only, for the demo's procedural land and for tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import MapError, RangeError, ShapeError
from edgegeo.geodesy import enu_from_geo, geo_from_enu
from edgegeo.maps.warp import Crop, nothing, pixel_from_tile, tile_corners, warp


class ArrayRaster:
    """A north-up RGB array on the plane tangent at its centre.

    Args:
        rgb: (h, w, 3) uint8.
        valid: (h, w) bool, or None when every pixel has data.
        lat0, lon0: the middle of the array, degrees.
        gsd_m: metres a pixel. Pixel (row, col) has its centre at
            east = (col - (w - 1) / 2) * gsd_m, north = ((h - 1) / 2 - row) * gsd_m.
    """

    def __init__(
        self,
        rgb: NDArray[np.uint8],
        valid: NDArray[np.bool_] | None,
        lat0: float,
        lon0: float,
        gsd_m: float,
        *,
        name: str = "array",
        licence: str | None = None,
        attribution: str | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise ShapeError.of("rgb", "(h, w, 3) uint8", f"{rgb.shape} {rgb.dtype}")
        if valid is not None and valid.shape != rgb.shape[:2]:
            raise ShapeError.of("valid", f"{rgb.shape[:2]} bool", valid.shape)
        if not 0 < gsd_m < np.inf:
            raise RangeError.of("gsd_m", "positive and finite", gsd_m)
        if valid is not None and not valid.any():
            raise MapError(f"{name}: no pixel has data")
        self.name, self.licence, self.attribution = name, licence, attribution
        self.gsd_m, self.warnings = float(gsd_m), tuple(warnings)
        self._lat0, self._lon0 = lat0, lon0
        self._rgb = rgb
        self._weight = np.full(rgb.shape[:2], 255, np.uint8)
        if valid is not None:
            self._weight[~valid.astype(bool)] = 0
        half_east, half_north = rgb.shape[1] * gsd_m / 2, rgb.shape[0] * gsd_m / 2
        lat, lon = geo_from_enu([-half_east, half_east], [-half_north, half_north], lat0, lon0)
        self.bounds = (float(lat[0]), float(lon[0]), float(lat[1]), float(lon[1]))

    def crop(self, lat_deg: float, lon_deg: float, side_m: float, px: int) -> Crop:
        """Return (rgb (px, px, 3) uint8, valid (px, px) float32) of a north-up square."""
        h, w = len(self._rgb), len(self._rgb[0])
        lat, lon = tile_corners(lat_deg, lon_deg, side_m)
        east, north = enu_from_geo(lat, lon, self._lat0, self._lon0)
        x, y = east / self.gsd_m + (w - 1) / 2, (h - 1) / 2 - north / self.gsd_m
        x0, x1 = _span(x, w, px)
        y0, y1 = _span(y, h, px)
        if x0 >= x1 or y0 >= y1:
            return nothing(px)
        corners = np.stack([x - x0, y - y0], axis=1)
        part = np.s_[y0:y1, x0:x1]
        return warp(self._rgb[part], self._weight[part], pixel_from_tile(corners, px), px)

    def close(self) -> None:
        """Nothing to release."""


def _span(at: NDArray[np.float64], size: int, px: int) -> tuple[int, int]:
    """Return the pixels [start, stop) inside [0, size) that a crop can touch."""
    rim = 2 + float(np.ptp(at)) / px
    return max(0, int(np.floor(at.min() - rim))), min(size, int(np.ceil(at.max() + rim)))
