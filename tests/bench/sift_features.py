"""RootSIFT of a map, computed once and kept with its place on the ground."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from edgegeo.geodesy import enu_from_geo, geo_from_enu
from edgegeo.maps.satmap import Raster

BLOCK_PX, MARGIN_PX = 1024, 48  # a map is read in blocks; features near a block's edge differ


@dataclass(frozen=True)
class MapFeatures:
    """RootSIFT of all maps: unit rows, where they lie, and roughly so in metres."""

    descriptors: np.ndarray  # (n, 128) float32
    geo_deg: np.ndarray  # (n, 2) float64, latitude and longitude
    enu_m: np.ndarray  # (n, 2) float64, from the origin: a per cent off at 100 km from it
    lat0_deg: float
    lon0_deg: float


def root_sift(sift: cv2.SIFT, image: np.ndarray, mask=None) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 2) pixels and (n, 128) float32 unit descriptors of a grey image."""
    keypoints, descriptors = sift.detectAndCompute(image, mask)
    if descriptors is None:
        return np.empty((0, 2)), np.empty((0, 128), np.float32)
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9))
    return np.array([k.pt for k in keypoints]), root.astype(np.float32)


def blocks(raster: Raster, gsd_m: float) -> Iterator[tuple[float, float, int]]:
    """Give centre and side (pixels) of the squares that cover a raster."""
    south, west, north, east = raster.bounds
    lat0, lon0 = (south + north) / 2, (west + east) / 2
    reach_px = np.hstack(enu_from_geo(north, east, lat0, lon0)) / gsd_m
    side_px = min(BLOCK_PX, int(np.ceil(2 * reach_px.max())) + 2 * MARGIN_PX)
    core_px = side_px - 2 * MARGIN_PX
    columns, rows = (int(np.ceil(2 * reach / core_px)) for reach in reach_px)
    for i in range(columns):
        for j in range(rows):
            centre_m = (np.array([i, j]) - (np.array([columns, rows]) - 1) / 2) * core_px * gsd_m
            lat, lon = geo_from_enu(*centre_m, lat0, lon0)
            yield float(lat), float(lon), side_px


def map_features(rasters: list[Raster], gsd_m: float, sift: cv2.SIFT) -> MapFeatures:
    """Compute the features of all maps at one ground sampling distance."""
    south, west, north, east = rasters[0].bounds
    lat0, lon0 = (south + north) / 2, (west + east) / 2
    rows, places = [], []
    for raster in rasters:
        for lat, lon, side_px in blocks(raster, gsd_m):
            rgb, valid = raster.crop(lat, lon, side_px * gsd_m, side_px)
            mask = cv2.erode((valid > 0.99).astype(np.uint8), np.ones((9, 9), np.uint8))
            if not mask.any():
                continue
            px, descriptors = root_sift(sift, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), mask)
            core = (px >= MARGIN_PX - 0.5) & (px < side_px - MARGIN_PX - 0.5)
            px, descriptors = px[core.all(axis=1)], descriptors[core.all(axis=1)]
            east_m, north_m = ((px - (side_px - 1) / 2) * gsd_m * [1, -1]).T
            rows.append(descriptors)
            places.append(np.stack(geo_from_enu(east_m, north_m, lat, lon), axis=1))
    geo_deg = np.concatenate(places)
    enu_m = np.stack(enu_from_geo(*geo_deg.T, lat0, lon0), axis=1)
    return MapFeatures(np.concatenate(rows), geo_deg, enu_m, lat0, lon0)
