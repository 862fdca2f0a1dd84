"""Bring a frame to the gallery's ground sampling distance, north up, one tile wide.

Axes: a tile is north up; the body is forward, right, down; the camera looks along the body's
down axis with the image's up side forward. Homographies map a tile's pixel (u, v, 1) to a
frame's pixel (x, y, w), centres at integers. With tilt, angles turn yaw, then pitch, then roll.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from edgegeo import _core
from edgegeo.errors import RangeError, ShapeError

MIN_SIDE_PX = 16  # a frame smaller than this shows nothing
MAX_TILT_DEG = 75.0  # between the camera's axis and straight down


@dataclass(frozen=True, slots=True)
class View:
    """One guess of how a frame lies on the ground, seen from straight above.

    `heading_deg` is the true heading of the image's up side, clockwise from north; `gsd_m`
    the metres per pixel at the frame's centre.
    """

    heading_deg: float
    gsd_m: float


def frame_from_tile(
    shape_hw: tuple[int, int],
    tile_m: float,
    px: int,
    heading_deg: float,
    gsd_m: float,
    roll_deg: float = 0.0,
    pitch_deg: float = 0.0,
    fov_deg: float | None = None,
    centre_m: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float64]:
    """Return the (3, 3) map from pixels of a tile to pixels of a frame.

    The tile is `tile_m` metres and `px` pixels a side; its centre lies `centre_m` (east, north)
    from the ground point at the image's centre. `roll_deg` is positive with the right wing
    down, `pitch_deg` with the nose up; with either, `fov_deg` (horizontal) is needed and the
    ground is taken as flat. `gsd_m` is the metres per pixel at the image's centre, across the
    direction of tilt: slant range over focal length.

    >>> homography = frame_from_tile((480, 640), tile_m=128, px=128, heading_deg=90, gsd_m=0.5)
    >>> (homography @ (63.5 + 10, 63.5, 1)).round(6).tolist()  # 10 m east is 20 px up
    [319.5, 219.5, 1.0]
    """
    _positive("tile_m", tile_m)
    _positive("gsd_m", gsd_m)
    _positive("px", px)
    _finite("heading_deg", heading_deg)
    metres = tile_m / px
    middle = (px - 1) / 2
    centre_x, centre_y = (shape_hw[1] - 1) / 2, (shape_hw[0] - 1) / 2
    east_m, north_m = centre_m
    # tile pixel -> (north, east, 1) in metres from the ground point at the image's centre
    ground = np.array(
        [
            [0, -metres, metres * middle + north_m],
            [metres, 0, -metres * middle + east_m],
            [0, 0, 1],
        ]
    )
    if roll_deg == 0 and pitch_deg == 0:
        body = _ned_from_body(heading_deg, 0.0, 0.0)[:2, :2].T / gsd_m  # (forward, right) in px
        frame = np.array([[*body[1], centre_x], [*-body[0], centre_y], [0, 0, 1]])
        return np.asarray(frame @ ground, np.float64)
    if fov_deg is None:
        raise RangeError.of("fov_deg", "given when there is roll or pitch", None)
    focal_px = _focal_px(fov_deg, shape_hw[1])
    ned_from_body = _ned_from_body(heading_deg, roll_deg, pitch_deg)
    _visible_cosine(roll_deg, pitch_deg)
    # a ground point as seen from the camera: slant range along the axis, then across the ground
    camera = np.eye(3)
    camera[:, 2] = gsd_m * focal_px * ned_from_body[:, 2]
    body = ned_from_body.T @ camera
    frame = np.array([[0, focal_px, centre_x], [-focal_px, 0, centre_y], [0, 0, 1]])
    homography = frame @ body @ ground
    w = abs(homography[2] @ (middle, middle, 1))  # a centre behind the camera stays there
    return np.asarray(homography / max(w, 1e-9), np.float64)


def gsd_from_height(
    height_m: float,
    fov_deg: float,
    width_px: int,
    roll_deg: float = 0.0,
    pitch_deg: float = 0.0,
) -> float:
    """Return the metres per pixel at the image's centre of a camera `height_m` above ground.

    Slant range over focal length: `fov_deg` is horizontal, over `width_px` pixels.

    >>> round(gsd_from_height(100.0, 90.0, 1000), 6)
    0.2
    """
    _positive("height_m", height_m)
    slant_m = height_m / _visible_cosine(roll_deg, pitch_deg)
    return slant_m / _focal_px(fov_deg, width_px)


def camera_offset_m(
    height_m: float, heading_deg: float, roll_deg: float, pitch_deg: float
) -> tuple[float, float]:
    """Return (east_m, north_m) from the ground point at the image's centre to below the camera.

    >>> east_m, north_m = camera_offset_m(120.0, heading_deg=0.0, roll_deg=0.0, pitch_deg=15.0)
    >>> round(east_m, 1), round(north_m, 1)  # the nose is up: it looks ahead of itself
    (0.0, -32.2)
    """
    _positive("height_m", height_m)
    _finite("heading_deg", heading_deg)
    down = _ned_from_body(heading_deg, roll_deg, pitch_deg)[:, 2]
    reach = height_m / _visible_cosine(roll_deg, pitch_deg)
    return float(-reach * down[1]) + 0.0, float(-reach * down[0]) + 0.0


def tilt_deg(roll_deg: float, pitch_deg: float) -> float:
    """Return the angle between the camera's axis and straight down, in degrees."""
    cosine = math.cos(math.radians(roll_deg)) * math.cos(math.radians(pitch_deg))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


@overload
def rectify(
    frame: NDArray[np.uint8],
    homographies: NDArray[np.float64],
    px: int,
    *,
    rgb: bool = False,
    half: Literal[False] = False,
    pool: _core.Pool | None = None,
) -> NDArray[np.float32]: ...
@overload
def rectify(
    frame: NDArray[np.uint8],
    homographies: NDArray[np.float64],
    px: int,
    *,
    rgb: bool = False,
    half: Literal[True],
    pool: _core.Pool | None = None,
) -> NDArray[np.float16]: ...
def rectify(
    frame: NDArray[np.uint8],
    homographies: NDArray[np.float64],
    px: int,
    *,
    rgb: bool = False,
    half: bool = False,
    pool: _core.Pool | None = None,
) -> NDArray[np.float32] | NDArray[np.float16]:
    """Return the network's inputs, one copy a homography: (r, 4, px, px) float32.

    Args:
        frame: (h, w, 3) uint8, BGR as OpenCV gives it or RGB with `rgb`; grey as (h, w) or
            (h, w, 1). At least 16 x 16. One that is not contiguous is copied first.
        homographies: (r, 3, 3), tile pixel to frame pixel; see `frame_from_tile`.
        half: float16, for networks that take it.
        pool: threads that share the work, `search.Pool(2)`; this one alone when None.

    Every pixel is an area average, at any shrink; copies of like scale share most of the work.
    Channels are R, G, B as (value / 255 - 0.5) / 0.25, then the share of the pixel that the
    frame covers, in [0, 1]; where that is 0 so are the colours.
    """
    warps = np.ascontiguousarray(homographies, np.float64)
    if warps.ndim != 3 or warps.shape[1:] != (3, 3):
        raise ShapeError.of("homographies", "(r, 3, 3)", warps.shape)
    if not np.isfinite(warps).all():
        raise RangeError.of("homographies", "finite", homographies)
    _positive("px", px)
    if half:
        return _core.rectify(colour_frame(frame), warps, px, not rgb, half=True, pool=pool)
    return _core.rectify(colour_frame(frame), warps, px, not rgb, pool=pool)


def colour_frame(frame: Any) -> NDArray[np.uint8]:
    """Return `frame` as contiguous (h, w, 3) uint8, or say what is wrong with it."""
    expected = f"(h, w, 3) uint8 or grey (h, w), at least {MIN_SIDE_PX} x {MIN_SIDE_PX}"
    if not isinstance(frame, np.ndarray):
        hint = " (an unreadable image file gives None)" if frame is None else ""
        raise ShapeError.of("frame", f"an array {expected}", f"{type(frame).__name__}{hint}")
    got = f"{frame.shape} {frame.dtype}"
    if frame.dtype != np.uint8:
        raise ShapeError.of("frame", expected, got)
    if frame.ndim == 2:
        frame = frame[:, :, None]
    if frame.ndim != 3 or frame.shape[2] not in (1, 3) or min(frame.shape[:2]) < MIN_SIDE_PX:
        raise ShapeError.of("frame", expected, got)
    if frame.shape[2] == 1:
        return np.repeat(frame, 3, axis=2)
    return np.ascontiguousarray(frame)


def _ned_from_body(heading_deg: float, roll_deg: float, pitch_deg: float) -> NDArray[np.float64]:
    """Rotation from forward-right-down to north-east-down, (3, 3)."""
    yaw, pitch, roll = (math.radians(angle) for angle in (heading_deg, pitch_deg, roll_deg))
    cy, sy, cp, sp, cr, sr = (
        *(math.cos(yaw), math.sin(yaw)),
        *(math.cos(pitch), math.sin(pitch)),
        *(math.cos(roll), math.sin(roll)),
    )
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def _visible_cosine(roll_deg: float, pitch_deg: float) -> float:
    """Cosine of the tilt, refused where the camera no longer looks at the ground."""
    _finite("roll_deg", roll_deg)
    _finite("pitch_deg", pitch_deg)
    cosine = math.cos(math.radians(roll_deg)) * math.cos(math.radians(pitch_deg))
    upright = abs(roll_deg) < 90 and abs(pitch_deg) < 90
    if not upright or cosine < math.cos(math.radians(MAX_TILT_DEG)):
        got = f"roll {roll_deg}, pitch {pitch_deg}"
        raise RangeError.of("tilt", f"at most {MAX_TILT_DEG} degrees from straight down", got)
    return cosine


def _focal_px(fov_deg: float, width_px: int) -> float:
    if not 0 < fov_deg < 180:
        raise RangeError.of("fov_deg", "in (0, 180)", fov_deg)
    return width_px / 2 / math.tan(math.radians(fov_deg) / 2)


def _positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise RangeError.of(name, "positive and finite", value)


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise RangeError.of(name, "finite", value)
