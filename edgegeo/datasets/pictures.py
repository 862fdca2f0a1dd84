"""Ways an image of a set is seen: a file, a tile of a map, a frame turned north up.

Every picture is resampled to a square by the kernel that resamples frames in flight.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edgegeo.maps.satmap import Raster
from edgegeo.maps.warp import Crop, pixel_from_tile, warp
from edgegeo.rectify import frame_from_tile
from edgegeo.sources.images import read_image

Fit = Literal["stretch", "crop"]


class Picture(Protocol):
    """An image that can be read when it is needed."""

    def square(self, px: int, fit: Fit, /) -> Crop:
        """Return (rgb (px, px, 3) uint8, valid (px, px) float32 in [0, 1]).

        What is not square is stretched, as the field's own code does, or cropped to its
        middle. Raises DataError or MapError for a file that is missing or damaged.
        """


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file as it is."""

    path: Path

    def square(self, px: int, fit: Fit, /) -> Crop:
        rgb = _rgb(self.path)
        height, width = rgb.shape[:2]
        cut = min(height, width)
        wide, high = (cut, cut) if fit == "crop" else (width, height)
        left, top = (width - wide) / 2, (height - high) / 2
        corners = np.array(
            [
                [left, top],
                [left + wide, top],
                [left + wide, top + high],
                [left, top + high],
            ]
        )
        return warp(rgb, _whole(rgb), pixel_from_tile(corners - 0.5, px), px)


@dataclass(frozen=True, slots=True)
class MapTile:
    """A north-up square of a map, `side_m` wide."""

    raster: Raster
    lat_deg: float
    lon_deg: float
    side_m: float

    def square(self, px: int, _fit: Fit, /) -> Crop:
        return self.raster.crop(self.lat_deg, self.lon_deg, self.side_m, px)


@dataclass(frozen=True, slots=True)
class NorthUpFrame:
    """The middle of a frame, turned north up and cut to `side_m` on the ground."""

    path: Path
    heading_deg: float
    gsd_m: float
    side_m: float

    def square(self, px: int, _fit: Fit, /) -> Crop:
        rgb = _rgb(self.path)
        shape = (rgb.shape[0], rgb.shape[1])
        homography = frame_from_tile(shape, self.side_m, px, self.heading_deg, self.gsd_m)
        return warp(rgb, _whole(rgb), homography, px)


def _rgb(path: Path) -> NDArray[np.uint8]:
    return np.ascontiguousarray(read_image(path)[..., ::-1])


def _whole(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.full(rgb.shape[:2], 255, np.uint8)
