"""Where a raster file lies on the ground: its coordinate system and its affine transform."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import MapError, MissingExtraError
from edgegeo.geodesy import distance_m
from edgegeo.maps.warp import tile_corners

MAX_LAT_DEG = 84.0
EDGE_POINTS = 21  # a side of the raster, for its bounds: edges are curves in degrees

Transform = Callable[[Any, Any], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class Placement:
    """A raster's pixels on the ground.

    affine  (3, 3)  pixel corners (column, row, 1) to the coordinate system's x, y
    wkt     the coordinate system
    size    (width, height)
    """

    path: Path
    affine: NDArray[np.float64]
    wkt: str
    size: tuple[int, int]

    @classmethod
    def of(cls, dataset: Any, path: Path) -> "Placement":
        """Take it from an open rasterio dataset; MapError when the file does not say."""
        t = dataset.transform
        if dataset.crs is None or t.is_identity:
            missing = "coordinate system" if dataset.crs is None else "geotransform"
            raise MapError(
                f"{path}: not georeferenced (no {missing}); give a GeoTIFF, or add one with "
                "gdal_translate -a_srs ... -a_ullr ..., or gdalwarp where it has control points"
            )
        affine = np.array([[t.a, t.b, t.c], [t.d, t.e, t.f], [0, 0, 1]], np.float64)
        if not np.isfinite(affine).all() or np.linalg.det(affine) == 0:
            raise MapError(f"{path}: its geotransform is singular: {tuple(t)[:6]}")
        return cls(path, affine, str(dataset.crs.to_wkt()), (dataset.width, dataset.height))

    def tile_in_raster(
        self, lat_deg: float, lon_deg: float, side_m: float
    ) -> NDArray[np.float64] | None:
        """Return (4, 2) x, y of a tile's NW, NE, SE, SW corners, the raster's corner at 0, 0."""
        lat, lon = tile_corners(lat_deg, lon_deg, side_m)
        x, y = _transforms(self.wkt)[1](lon, lat)
        edges = (np.linalg.inv(self.affine) @ np.stack([x, y, np.ones(4)]))[:2].T
        return np.asarray(edges, np.float64) if np.isfinite(edges).all() else None

    def geo(self, x_px: Any, y_px: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (lat, lon) in degrees of points of the raster, its corner at 0, 0."""
        x_px, y_px = np.asarray(x_px, np.float64), np.asarray(y_px, np.float64)
        at = self.affine @ np.stack([x_px, y_px, np.ones_like(x_px)])
        lon, lat = _transforms(self.wkt)[0](at[0], at[1])
        if not (np.isfinite(lat).all() and np.isfinite(lon).all()):
            raise MapError(f"{self.path}: lies outside the range of its coordinate system")
        return lat, lon

    def bounds(self) -> tuple[float, float, float, float]:
        """Return (south, west, north, east) in degrees."""
        (width, height), step = self.size, np.linspace(0, 1, EDGE_POINTS)
        zero, one = np.zeros(EDGE_POINTS), np.ones(EDGE_POINTS)
        lat, lon = self.geo(
            np.concatenate([step, one, step, zero]) * width,
            np.concatenate([zero, step, one, step]) * height,
        )
        if np.abs(lat).max() > MAX_LAT_DEG:
            raise MapError(f"{self.path}: reaches beyond {MAX_LAT_DEG} degrees of latitude")
        if np.ptp(lon) > 180 or np.abs(lon).max() > 180:
            raise MapError(
                f"{self.path}: crosses the antimeridian, or counts longitude beyond 180 degrees; "
                "cut it in two there with gdalwarp -te"
            )
        return float(lat.min()), float(lon.min()), float(lat.max()), float(lon.max())

    def gsd_m(self) -> float:
        """Return the side in metres of a square as large as the raster's middle pixel."""
        x, y = self.size[0] / 2, self.size[1] / 2
        lat, lon = self.geo([x - 0.5, x + 0.5, x, x], [y, y, y - 0.5, y + 0.5])
        east, north = distance_m(lat[::2], lon[::2], lat[1::2], lon[1::2])
        return float(np.sqrt(east * north))


@functools.lru_cache(maxsize=64)
def _transforms(wkt: str) -> tuple[Transform, Transform]:
    """Return (lon, lat from x, y) and (x, y from lon, lat); inf where undefined."""
    try:
        import pyproj
    except ImportError as error:
        raise MissingExtraError.of("placing a map on the ground", "map") from error
    try:
        to_geo = pyproj.Transformer.from_crs(wkt, "EPSG:4326", always_xy=True)
        from_geo = pyproj.Transformer.from_crs("EPSG:4326", wkt, always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise MapError(f"the map's coordinate system has no place on the Earth: {error}") from error
    return to_geo.transform, from_geo.transform
