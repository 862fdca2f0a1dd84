"""See a map as a camera over it would: exact geometry of a tilted pinhole over flat ground."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import RangeError
from edgegeo.maps.satmap import Raster
from edgegeo.rectify import frame_from_tile
from edgegeo.simulation.exposure import expose

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

FOV_DEG = 70.0  # horizontal, unless a shot says otherwise
MAX_CROP_PX = 8192
MAX_FINER = 3  # cubic points between two map samples; straight lines join them


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture to take: the ground point at its centre and how the camera hangs there.

    `size` is (width, height) in pixels, `gsd_m` metres per pixel at the image's centre.
    """

    lat_deg: float
    lon_deg: float
    heading_deg: float
    gsd_m: float
    size: tuple[int, int]
    roll_deg: float = 0.0
    pitch_deg: float = 0.0
    fov_deg: float = FOV_DEG

    def frame_from_tile(self, side_m: float, px: int) -> F64:
        """Return the homography from a north-up square of `side_m` around the centre."""
        width, height = self.size
        return np.asarray(
            frame_from_tile(
                (height, width),
                side_m,
                px,
                self.heading_deg,
                self.gsd_m,
                self.roll_deg,
                self.pitch_deg,
                self.fov_deg if self.roll_deg or self.pitch_deg else None,
            ),
            np.float64,
        )

    def ground_m(self, x: Any, y: Any) -> F64:
        """Return (n, 2) east and north, metres from the centre, of frame pixels (x, y)."""
        side_m, px = 1000.0, 100
        at = np.stack([x, y, np.ones_like(x, dtype=np.float64)]).astype(np.float64)
        u, v, w = np.linalg.inv(self.frame_from_tile(side_m, px)) @ at
        centre, metres = (px - 1) / 2, side_m / px
        return np.stack([(u / w - centre) * metres, (centre - v / w) * metres], axis=1)

    def footprint_m(self) -> F64:
        """Return (4, 2) east and north of the image's corners: top left first, clockwise."""
        width, height = self.size
        x = np.array([-0.5, width - 0.5, width - 0.5, -0.5])
        return self.ground_m(x, np.array([-0.5, -0.5, height - 0.5, height - 0.5]))


def view(raster: Raster, shot: Shot) -> tuple[F32, NDArray[np.bool_]]:
    """Return what the lens sees: (h, w, 3) float32 RGB and (h, w) where the map has data.

    Exact geometry, no change of light. Where the map is coarser than the frame it is
    interpolated by cubics, where it is finer it is averaged by the raster's own crop.
    """
    width, height = shot.size
    side_m = 2.04 * float(np.abs(shot.footprint_m()).max()) + 4 * max(raster.gsd_m, shot.gsd_m)
    px = int(np.ceil(side_m / max(raster.gsd_m / 2, 0.75 * shot.gsd_m)))
    if px > MAX_CROP_PX:
        raise RangeError.of("size", f"a frame that needs at most {MAX_CROP_PX} map pixels", px)
    rgb, valid = raster.crop(shot.lat_deg, shot.lon_deg, side_m, px)
    finer = int(np.clip(np.ceil(side_m / px / (0.75 * shot.gsd_m)), 1, MAX_FINER))
    scene = _magnify(rgb.astype(np.float32), finer)
    inverse = np.linalg.inv(shot.frame_from_tile(side_m, px * finer))
    x, y = np.arange(width), np.arange(height)[:, None]
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in inverse)
    u, v = u / w, v / w
    # The centre of a magnified pixel, counted in pixels of the crop.
    col, row = (np.rint((c + 0.5) / finer - 0.5).astype(int).clip(0, px - 1) for c in (u, v))
    return _bilinear(scene, u, v), valid[row, col] > 0.99


def render(raster: Raster, shot: Shot, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the (h, w, 3) uint8 BGR picture a camera would take; black off the map."""
    scene, valid = view(raster, shot)
    rgb = expose(scene, rng)
    rgb[~valid] = 0
    return np.ascontiguousarray(rgb[..., ::-1])


def _magnify(scene: F32, factor: int) -> F32:
    """Return the picture `factor` times larger, Catmull-Rom between pixels, edges repeated."""
    if factor == 1:
        return scene
    size = len(scene)
    at = (np.arange(size * factor) + 0.5) / factor - 0.5
    low = np.floor(at).astype(int)
    t = (at - low).astype(np.float32)
    taps = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    near = [np.clip(low + k - 1, 0, size - 1) for k in range(4)]
    tall = sum(scene[n] * w[:, None, None] for n, w in zip(near, taps, strict=True))
    wide = sum(tall[:, n] * w[:, None] for n, w in zip(near, taps, strict=True))
    return np.asarray(wide, np.float32)


def _bilinear(scene: F32, u: F64, v: F64) -> F32:
    size = len(scene)
    u, v = np.clip(u, 0, size - 1.001), np.clip(v, 0, size - 1.001)
    left, top = u.astype(np.intp), v.astype(np.intp)
    fx, fy = (u - left).astype(np.float32)[..., None], (v - top).astype(np.float32)[..., None]
    flat = scene.reshape(-1, 3)
    at = top * size + left
    upper = flat[at] * (1 - fx) + flat[at + 1] * fx
    lower = flat[at + size] * (1 - fx) + flat[at + size + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)
