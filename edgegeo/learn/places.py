"""Places to learn from: the same ground in one or several pictures, north up, scale known."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray

from edgegeo.errors import DataError

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Place:
    """`views` are (h, w, 3) uint8 RGB pictures of exactly the same ground, at `gsd_m`."""

    name: str
    gsd_m: float
    views: tuple[Image, ...]


def read_rgb(path: Path) -> Image:
    with rasterio.open(path) as source:
        return np.ascontiguousarray(source.read((1, 2, 3)).transpose(1, 2, 0))


def naip(folder: Path) -> list[Place]:
    """Every place of a city folder of `<id>_<year>.tif`: one view a year, oldest first."""
    names = sorted({path.stem.split("_")[0] for path in folder.glob("*_*.tif")})
    if not names:
        raise DataError(f"{folder} holds no <id>_<year>.tif: is it a city of the naip set?")
    return [
        Place(
            f"{folder.name}/{name}", 0.6, tuple(map(read_rgb, sorted(folder.glob(f"{name}_*.tif"))))
        )
        for name in names
    ]


def orthomosaic(path: Path, gsd_m: float = 0.3, side_px: int = 440) -> list[Place]:
    """Cut a large orthomosaic into places with one view each; mostly empty ones are left out."""
    with rasterio.open(path) as source:
        shrink = gsd_m / source.transform.a
        shape = (3, round(source.height / shrink), round(source.width / shrink))
        area = rasterio.enums.Resampling.average
        rgb = source.read((1, 2, 3), out_shape=shape, resampling=area).transpose(1, 2, 0)
        valid = source.dataset_mask(out_shape=shape[1:]) > 0
    return [
        Place(f"{path.parent.name}/{y}-{x}", gsd_m, (np.ascontiguousarray(rgb[box]),))
        for y in range(0, rgb.shape[0] - side_px // 2, side_px // 2)
        for x in range(0, rgb.shape[1] - side_px // 2, side_px // 2)
        if valid[box := (slice(y, y + side_px), slice(x, x + side_px))].mean() > 0.97
    ]


def photos(folder: Path, gsd_m: float = 0.25) -> list[Place]:
    """Photos without positions, taken as ground at a nominal scale: texture to tell apart."""
    places = []
    for path in sorted(folder.glob("*.jpg")):
        bgr = cv2.imread(str(path))
        if bgr is None:
            raise DataError(f"cannot read the picture {path}")
        places.append(Place(path.stem, gsd_m, (np.ascontiguousarray(bgr[..., ::-1], np.uint8),)))
    return places


def procedural(seeds: Iterable[int], side_px: int = 640, gsd_m: float = 0.3) -> list[Place]:
    """Landscapes made by code, each on two dates."""
    from edgegeo.demo.landscape import landscape

    return [
        Place(
            f"landscape/{s}",
            gsd_m,
            (landscape(s, side_px, gsd_m, 0), landscape(s, side_px, gsd_m, 1)),
        )
        for s in seeds
    ]
