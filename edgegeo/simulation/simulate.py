"""Make frames with known truth out of maps, as a tilted, turned, badly exposed camera sees them.

For checking an area before a flight: `simulate` a newer map, `build` the older one,
`evaluate` the first on the second.
"""

import csv
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgegeo import png
from edgegeo.errors import MapError, RangeError
from edgegeo.geodesy import enu_from_geo, geo_from_enu
from edgegeo.maps.satmap import Raster, open_maps
from edgegeo.simulation.camera import Shot, render

TRIES = 4000  # positions drawn before a map is called too small
COLUMNS = (
    *("file", "lat_deg", "lon_deg", "heading_deg", "gsd_m_per_px"),
    *("roll_deg", "pitch_deg", "fov_deg", "map"),
)


def draw_shot(
    raster: Raster,
    rng: np.random.Generator,
    *,
    footprint_m: float = 60.0,
    size: tuple[int, int] = (640, 480),
    tilt_deg: float = 15.0,
    heading: Literal["any"] | float = "any",
) -> Shot:
    """Return a shot drawn uniformly from those whose whole footprint has data.

    The total tilt is uniform in [0, tilt_deg], towards any side. Raises MapError when no
    such shot is found: the map, or what is valid of it, is too small for the footprint.
    """
    south, west, north, east = raster.bounds
    width_m, height_m = (abs(float(d)) for d in enu_from_geo(north, east, south, west))
    for _ in range(TRIES):
        tilt, towards = rng.uniform(0, tilt_deg), rng.uniform(0, 2 * np.pi)
        turn = float(rng.uniform(0, 360)) if heading == "any" else float(heading)
        lat, lon = geo_from_enu(rng.uniform(0, width_m), rng.uniform(0, height_m), south, west)
        shot = Shot(
            lat_deg=float(lat),
            lon_deg=float(lon),
            heading_deg=turn,
            gsd_m=footprint_m / min(size),
            size=size,
            roll_deg=float(tilt * np.cos(towards)),
            pitch_deg=float(tilt * np.sin(towards)),
        )
        if _inside(raster, shot):
            return shot
    raise MapError(
        f"{raster.name}: no position found whose footprint of {footprint_m:g} m (short side) "
        f"stays on valid pixels of this map of {width_m:.0f} x {height_m:.0f} m; "
        "give a smaller footprint_m or tilt_deg"
    )


def simulate(
    maps: Sequence[str | PathLike[str] | Raster],
    out: str | PathLike[str],
    *,
    count_per_map: int = 5,
    footprint_m: float = 60.0,
    size: tuple[int, int] = (640, 480),
    tilt_deg: float = 15.0,
    heading: Literal["any"] | float = "any",
    seed: int = 0,
) -> Path:
    """Write `count_per_map` frames of each map and their truth.csv into the folder `out`.

    Frames are JPEG of varying quality where OpenCV is installed and PNG where it is not.
    The truth holds the ground point at the image's centre, the heading of its up side, and
    metres per pixel there. The same seed gives the same frames, whatever other maps come
    after. Returns the path of truth.csv, which is written last.
    """
    _check(count_per_map, footprint_m, size, tilt_deg, heading)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    given = [m for m in maps if not isinstance(m, str | PathLike)]
    rasters = [r for m in maps for r in (open_maps([m]) if isinstance(m, str | PathLike) else [m])]
    if not rasters:
        raise MapError("no map given")
    stems = [Path(raster.name).stem for raster in rasters]
    rows = []
    for index, raster in enumerate(rasters):
        stem = Path(raster.name).stem
        if stems.count(stem) > 1:
            stem = f"{stem}_{index}"
        for k in range(count_per_map):
            rng = np.random.default_rng([seed, index, k])
            shot = draw_shot(
                raster,
                rng,
                footprint_m=footprint_m,
                size=size,
                tilt_deg=tilt_deg,
                heading=heading,
            )
            file = write_frame(out / f"{stem}_{k:03d}", render(raster, shot, rng), rng)
            rows.append((file, *truth_row(shot), raster.name))
        if raster not in given:
            raster.close()
    return write_truth(out / "truth.csv", rows)


def write_truth(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write a truth table, whole or not at all; a row is (file, *truth_row(shot), map)."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return partial.replace(path)


def truth_row(shot: Shot) -> tuple[str, ...]:
    """Return the numbers of a truth row: heading and scale are read off the picture itself."""
    x, y = (shot.size[0] - 1) / 2, (shot.size[1] - 1) / 2
    right, up = np.diff(shot.ground_m(np.array([x, x + 1, x]), np.array([y, y, y - 1])), axis=0)
    up = right + up
    heading_deg = np.degrees(np.arctan2(up[0], up[1])) % 360
    gsd_m = np.sqrt(abs(right[0] * up[1] - right[1] * up[0]))
    return (
        *(f"{shot.lat_deg:.9f}", f"{shot.lon_deg:.9f}", f"{heading_deg:.3f}", f"{gsd_m:.6f}"),
        *(f"{shot.roll_deg:.3f}", f"{shot.pitch_deg:.3f}", f"{shot.fov_deg:.1f}"),
    )


def _check(
    count_per_map: int,
    footprint_m: float,
    size: tuple[int, int],
    tilt_deg: float,
    heading: Literal["any"] | float,
) -> None:
    if count_per_map < 1:
        raise RangeError.of("count_per_map", "at least 1", count_per_map)
    if not 0 < footprint_m < np.inf:
        raise RangeError.of("footprint_m", "positive and finite", footprint_m)
    if not 16 <= min(size) <= max(size) <= 8192:
        raise RangeError.of("size", "(width, height) in [16, 8192] pixels", size)
    if not 0 <= tilt_deg <= 30:
        raise RangeError.of("tilt_deg", "degrees in [0, 30]", tilt_deg)
    if heading != "any" and not np.isfinite(heading):
        raise RangeError.of("heading", "'any' or degrees", heading)


def _inside(raster: Raster, shot: Shot) -> bool:
    """Return whether every pixel of the footprint has data, looking at some 64 x 64 points."""
    corners = shot.footprint_m()
    lat, lon = geo_from_enu(corners[:, 0], corners[:, 1], shot.lat_deg, shot.lon_deg)
    south, west, north, east = raster.bounds
    if lat.min() < south or lat.max() > north or lon.min() < west or lon.max() > east:
        return False
    side_m = 2 * float(np.abs(corners).max())
    px = int(np.clip(side_m / raster.gsd_m, 16, 64))
    _, valid = raster.crop(shot.lat_deg, shot.lon_deg, side_m, px)
    at = ((np.arange(px) + 0.5) / px - 0.5) * side_m
    east_m, north_m = np.meshgrid(at, -at)
    inside = np.ones((px, px), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        inside &= (x1 - x0) * (north_m - y0) - (y1 - y0) * (east_m - x0) <= 0
    return bool(valid[inside].min(initial=1.0) > 0.99)


def write_frame(stem: Path, bgr: NDArray[np.uint8], rng: np.random.Generator) -> str:
    """Write a BGR frame as JPEG, or as PNG without OpenCV; return the file's name."""
    quality = int(rng.integers(60, 96))
    try:
        import cv2
    except ImportError:
        path = stem.with_name(stem.name + ".png")
        path.write_bytes(png.encode(bgr[..., ::-1]))
    else:
        path = stem.with_name(stem.name + ".jpg")
        _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        path.write_bytes(jpeg.tobytes())
    return path.name
