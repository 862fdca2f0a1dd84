"""A gallery of a made landscape, and fixes on it."""

import numpy as np

from edgegeo.demo.landscape import landscape
from edgegeo.gallery import Gallery
from edgegeo.geodesy import geo_from_enu
from edgegeo.types import Candidate, Fix, Timings

LAT, LON = 47.0, 8.0
SIDE, TILE_M = 9, 32.0  # tiles a side, without overlap


def make_gallery():
    rgb = landscape(5, SIDE * 32, 1.0)
    tiles = rgb.reshape(SIDE, 32, SIDE, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)
    row, col = np.divmod(np.arange(SIDE**2), SIDE)
    middle = (SIDE - 1) / 2
    lat, lon = geo_from_enu((col - middle) * TILE_M, (middle - row) * TILE_M, LAT, LON)
    n = SIDE**2
    return Gallery(
        embeddings=np.zeros((n, 4), np.int8),
        embedding_scales=np.ones(n, np.float32),
        tokens=np.zeros((n, 1, 2), np.int8),
        token_scales=np.ones(n, np.float32),
        lat_deg=lat,
        lon_deg=lon,
        maps=np.zeros(n, np.int32),
        coverage=np.ones(n, np.float32),
        thumbnails=np.ascontiguousarray(tiles),
        tile_m=TILE_M,
    ), rgb


def make_fix(east_m, north_m, reject=None, **changes):
    lat, lon = geo_from_enu(east_m, north_m, LAT, LON)
    candidates = tuple(
        Candidate(
            tile=t,
            lat_deg=float(lat),
            lon_deg=float(lon),
            found_lat_deg=float(lat),
            found_lon_deg=float(lon),
            retrieval=0.8,
            score=-0.1 * t,
        )
        for t in (3, 40, 7, 8, 9)
    )
    base = {
        "time_us": 0,
        "lat_deg": float(lat),
        "lon_deg": float(lon),
        "cov_m2": (25.0, 9.0, 16.0),
        "probability": 0.9,
        "candidates": candidates,
        "timings_ms": Timings(rectify=1, encode=5, search=0.5, pairs=0.2, rank=3, fix=0.1),
    }
    return Fix(**{**base, "reject": reject, **changes})
