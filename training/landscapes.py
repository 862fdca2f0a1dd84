"""A made set to learn and to validate on: landscapes of two dates as GeoTIFFs, frames over them."""

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from edgegeo.demo.landscape import landscape
from training.make_queries import make_queries

CRS = "EPSG:32632"
CORNER_M = (450_000.0, 5_240_000.0)  # easting, northing of the first
APART_M = 1_000.0
SIDE_PX, GSD_M = 600, 0.5


def landscape_queries(out: Path, first_seed: int, count: int, frames: int) -> Path:
    """Write `count` landscapes and `frames` frames of each as a set that `truth` reads."""
    maps, later = [], []
    for number in range(count):
        for date, kept in ((0, maps), (1, later)):
            path = out / f"date{date}" / f"landscape_{number:02}.tif"
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                write_map(path, landscape(first_seed + number, SIDE_PX, GSD_M, date), number)
            kept.append(path)
    return make_queries(maps, later, out / "queries", frames, seed=first_seed)


def write_map(path: Path, rgb: NDArray[np.uint8], number: int) -> None:
    """Write a picture (h, w, 3) as a GeoTIFF, the `number`-th from west to east."""
    west, north = CORNER_M[0] + number * APART_M, CORNER_M[1]
    with rasterio.open(
        path, "w", driver="GTiff", height=rgb.shape[0], width=rgb.shape[1], count=3,
        dtype="uint8", crs=CRS, transform=Affine(GSD_M, 0, west, 0, -GSD_M, north),
    ) as file:  # fmt: skip
        file.write(rgb.transpose(2, 0, 1))
        file.update_tags(TIFFTAG_COPYRIGHT="Apache-2.0", TIFFTAG_ARTIST="made by code")
