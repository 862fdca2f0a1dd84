"""GeoTIFFs whose pixel values say where they lie, in any coordinate system."""

from pathlib import Path

import numpy as np
import pyproj
import rasterio
from affine import Affine
from rasterio.crs import CRS

from edgegeo.geodesy import enu_from_geo

LAT0, LON0 = 45.5, 9.25  # the middle of every map here, degrees
LEVELS_PER_M = 3.0  # red 128 + 3 * east_m, green 128 + 3 * north_m, blue 128 - 3 * east_m


def colours_at(east_m, north_m):
    """Return float (..., 3) colours at metres east and north of the middle."""
    red, green = 128 + LEVELS_PER_M * east_m, 128 + LEVELS_PER_M * north_m
    return np.clip(np.stack([red, green, 256 - red], axis=-1), 0, 255)


def displacement_m(rgb, east_m, north_m):
    """Return how far (east, north) a crop lies from where it should, without rounding bias."""
    red, green, blue = (rgb - colours_at(east_m, north_m)).mean(axis=(0, 1)) / LEVELS_PER_M
    return np.array([blue - red, (red + blue) - 2 * green]) / 2


def placed(crs: str, pixel: float, size: int = 200, turn_deg: float = 0.0, tall: float = 1.0):
    """Return the affine of a size x size raster around LAT0, LON0 in a coordinate system."""
    x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(LON0, LAT0)
    turn = np.radians(turn_deg)
    a, b = pixel * np.cos(turn), pixel * tall * np.sin(turn)
    d, e = pixel * np.sin(turn), -pixel * tall * np.cos(turn)
    half = size / 2
    return Affine(a, b, x - (a + b) * half, d, e, y - (d + e) * half)


def ramp(crs: str, affine: Affine, size: int = 200):
    """Return uint8 (size, size, 3): every pixel's colour tells its place on the ground."""
    col, row = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    x = affine.a * col + affine.b * row + affine.c
    y = affine.d * col + affine.e * row + affine.f
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    exact = colours_at(*enu_from_geo(lat, lon, LAT0, LON0))
    dither = np.random.default_rng(0).random(exact.shape)  # else rounding looks like a shift
    return np.floor(np.minimum(exact, 255 - 1e-9) + dither).astype(np.uint8)


def write(path: Path, bands, crs: str | None = "EPSG:32632", affine=None, mask=None, **profile):
    """Write (h, w) or (h, w, bands) as a GeoTIFF; `colormap` and `colorinterp` are set after."""
    bands = np.atleast_3d(bands)
    colormap, roles = profile.pop("colormap", None), profile.pop("colorinterp", None)
    tags = profile.pop("tags", {})
    if crs is not None:
        profile["crs"] = CRS.from_user_input(crs)
        profile["transform"] = affine or placed(crs, 0.5, bands.shape[1])
    height, width, count = bands.shape
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=count, dtype=bands.dtype,
        **profile,
    ) as out:  # fmt: skip
        if roles:
            out.colorinterp = roles
        out.write(np.moveaxis(bands, -1, 0))
        if colormap:
            out.write_colormap(1, colormap)
        if mask is not None:
            out.write_mask(mask)
        out.update_tags(**tags)
    return path
