"""The camera: what its lens does to a picture, and how it hangs in the vehicle."""

import math
from dataclasses import dataclass, replace
from enum import Enum
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import MissingExtraError, RangeError, ShapeError

CENTRED_PX = 0.5
SQUARE = 1e-3
WIDEST_DEG = 150.0  # of the pinhole a wide lens is turned into


class Lens(Enum):
    """Distortion models, as OpenCV numbers their coefficients."""

    NONE = "pinhole without distortion"
    RADTAN = "k1 k2 p1 p2 [k3 [k4 k5 k6]]: plumb_bob, rational_polynomial, radtan"
    FISHEYE = "k1 k2 k3 k4: equidistant, equi, fisheye"


COEFFICIENTS = {Lens.NONE: (0,), Lens.RADTAN: (4, 5, 8, 12, 14), Lens.FISHEYE: (4,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A calibrated camera. Pixels have their centres at integers.

    `mount_yaw_deg` is the direction of the image's up side in the vehicle, clockwise from
    forward; `mount_pitch_deg` and `mount_roll_deg` tilt it from straight down, in the order and
    with the signs of the vehicle's own angles: a pitch of 20 looks ahead (of the image's up side).
    On a gimbal they are what remains between the gimbal's axes and the picture, usually 0.

    Raises RangeError for numbers that make no camera.
    """

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    lens: Lens = Lens.NONE
    distortion: tuple[float, ...] = ()
    mount_yaw_deg: float = 0.0
    mount_pitch_deg: float = 0.0
    mount_roll_deg: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("width_px", 16, 100_000),
            ("height_px", 16, 100_000),
            ("fx_px", 1, 1e7),
            ("fy_px", 1, 1e7),
            ("cx_px", 0, self.width_px),
            ("cy_px", 0, self.height_px),
            *((f"mount_{axis}_deg", -360, 360) for axis in ("yaw", "pitch", "roll")),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise RangeError.of(f"camera {name}", f"in [{low:g}, {high:g}]", value)
        if len(self.distortion) not in COEFFICIENTS[self.lens]:
            expected = " or ".join(map(str, COEFFICIENTS[self.lens]))
            raise RangeError.of(
                f"distortion of a {self.lens.name} lens", f"{expected} numbers", self.distortion
            )
        if not all(map(math.isfinite, self.distortion)):
            raise RangeError.of("distortion", "finite", self.distortion)

    @property
    def is_pinhole(self) -> bool:
        """Straight lines stay straight. A fisheye is none even where all its numbers are 0."""
        return self.lens is not Lens.FISHEYE and not any(self.distortion)

    @property
    def is_centred_pinhole(self) -> bool:
        """Whether a frame may go to `Localizer.locate` as it is, with `fov_deg`."""
        return (
            self.is_pinhole
            and abs(self.fx_px / self.fy_px - 1) <= SQUARE
            and abs(self.cx_px - (self.width_px - 1) / 2) <= CENTRED_PX
            and abs(self.cy_px - (self.height_px - 1) / 2) <= CENTRED_PX
        )

    @property
    def fov_deg(self) -> float:
        """Horizontal field of view of a centred pinhole. Raises RangeError for any other."""
        if not self.is_centred_pinhole:
            raise RangeError.of(
                "camera", "a centred pinhole to have one field of view; use Undistortion", self.lens
            )
        return math.degrees(2 * math.atan(self.width_px / 2 / self.fx_px))

    def at_size(self, width_px: int, height_px: int, *, scaled: bool = False) -> "Camera":
        """Return the camera of frames of this size.

        Frames of another size are an error, for a crop and a resize look alike. With `scaled`
        the driver is known to resize whole pictures, and the calibration is scaled where
        the sides keep their ratio to a pixel.
        """
        if (width_px, height_px) == (self.width_px, self.height_px):
            return self
        ratio = width_px / self.width_px
        sizes = f"{self.width_px} x {self.height_px} pixels"
        got = f"{width_px} x {height_px}"
        if abs(self.height_px * ratio - height_px) > 1:
            raise RangeError.of("frames", f"{sizes}, as calibrated, or of that shape", got)
        if not scaled:
            raise RangeError.of(
                "frames", f"{sizes}, as calibrated (or allow scaled frames, if never cropped)", got
            )
        return replace(
            self,
            width_px=width_px,
            height_px=height_px,
            fx_px=self.fx_px * ratio,
            fy_px=self.fy_px * ratio,
            cx_px=(self.cx_px + 0.5) * ratio - 0.5,
            cy_px=(self.cy_px + 0.5) * ratio - 0.5,
        )


def camera_from_fov(
    width_px: int,
    height_px: int,
    fov_deg: float,
    *,
    mount_yaw_deg: float = 0.0,
    mount_pitch_deg: float = 0.0,
    mount_roll_deg: float = 0.0,
) -> Camera:
    """Return a centred pinhole of this horizontal field of view.

    >>> camera_from_fov(1000, 800, 90.0).fx_px
    500.0
    """
    if not 1 <= fov_deg <= 170:
        raise RangeError.of("fov_deg", "degrees in [1, 170]", fov_deg)
    focal_px = round(width_px / 2 / math.tan(math.radians(fov_deg) / 2), 9)
    return Camera(
        width_px=width_px,
        height_px=height_px,
        fx_px=focal_px,
        fy_px=focal_px,
        cx_px=(width_px - 1) / 2,
        cy_px=(height_px - 1) / 2,
        mount_yaw_deg=mount_yaw_deg,
        mount_pitch_deg=mount_pitch_deg,
        mount_roll_deg=mount_roll_deg,
    )


class Undistortion:
    """Turns a camera's frames into those of a centred pinhole of the same size.

    `camera` is that pinhole, as wide as the frames fill it without a gap. The tables are made
    once. Frames of a camera that is one already pass through. Needs OpenCV for any other.
    """

    def __init__(self, seen_by: Camera) -> None:
        self.seen_by = seen_by
        self.camera = seen_by
        self._maps: tuple[NDArray[np.generic], NDArray[np.generic]] | None = None
        if seen_by.is_centred_pinhole:
            return
        focal_px = _widest_filled(seen_by)
        self.camera = camera_from_fov(
            seen_by.width_px,
            seen_by.height_px,
            math.degrees(2 * math.atan(seen_by.width_px / 2 / focal_px)),
            mount_yaw_deg=seen_by.mount_yaw_deg,
            mount_pitch_deg=seen_by.mount_pitch_deg,
            mount_roll_deg=seen_by.mount_roll_deg,
        )
        cv2 = _cv2()
        fisheye = seen_by.lens is Lens.FISHEYE
        tables = cv2.fisheye.initUndistortRectifyMap if fisheye else cv2.initUndistortRectifyMap
        size = (seen_by.width_px, seen_by.height_px)
        k = np.array(seen_by.distortion or (0.0,) * 4, np.float64)
        straight = _matrix(self.camera)
        self._maps = tables(_matrix(seen_by), k, np.eye(3), straight, size, cv2.CV_16SC2)

    def __call__(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the frame as the pinhole sees it. Raises ShapeError for another size."""
        expected = (self.seen_by.height_px, self.seen_by.width_px)
        if frame.shape[:2] != expected:
            raise ShapeError.of("frame", f"{expected} (h, w), as calibrated", frame.shape)
        if self._maps is None:
            return frame
        cv2 = _cv2()
        return np.asarray(cv2.remap(frame, *self._maps, cv2.INTER_LINEAR), np.uint8)


def project(camera: Camera, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (..., 2) pixels where the camera sees rays (x, y, 1): x right, y down, z ahead."""
    if camera.is_pinhole:
        return np.stack([x * camera.fx_px + camera.cx_px, y * camera.fy_px + camera.cy_px], -1)
    cv2 = _cv2()
    matrix = _matrix(camera)
    k, still = np.array(camera.distortion, np.float64), np.zeros(3)
    rays = np.stack([x, y, np.ones_like(x)], -1).reshape(-1, 1, 3)
    if camera.lens is Lens.FISHEYE:
        seen, _ = cv2.fisheye.projectPoints(rays, still, still, matrix, k)
    else:
        seen, _ = cv2.projectPoints(rays, still, still, matrix, k)
    return np.asarray(seen, np.float64).reshape(*x.shape, 2)


def _matrix(camera: Camera) -> NDArray[np.float64]:
    return np.array(
        [[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]], np.float64
    )


def _widest_filled(camera: Camera) -> float:
    """Focal length of the widest pinhole whose border the camera's frame still covers.

    Looked for from narrow to wide: polynomials of distortion turn back far outside the frame.
    """
    width, height = camera.width_px, camera.height_px
    top = np.linspace(0, width - 1, 33)
    side = np.linspace(0, height - 1, 33)
    x = np.concatenate([top, top, side * 0, side * 0 + width - 1]) - (width - 1) / 2
    y = np.concatenate([top * 0, top * 0 + height - 1, side, side]) - (height - 1) / 2
    narrow = 4 * max(camera.fx_px, camera.fy_px)
    wide = width / 2 / math.tan(math.radians(WIDEST_DEG) / 2)
    best = None
    for focal_px in np.geomspace(narrow, min(wide, narrow / 2), 400):
        at = project(camera, x / focal_px, y / focal_px)
        inside = (at >= 0) & (at <= np.array([width - 1, height - 1]))
        if not inside.all():
            break
        best = float(focal_px)
    if best is None:
        axis_px = (camera.cx_px, camera.cy_px)
        raise RangeError.of("the camera's optical axis", "well inside the picture", axis_px)
    return best


def _cv2() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError.of("a camera with distortion or off centre", "opencv") from error
    return cv2
