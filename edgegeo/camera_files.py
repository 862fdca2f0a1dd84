"""Read a camera from the calibration files people have: ROS, OpenCV, Kalibr."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from edgegeo.camera import Camera, Lens
from edgegeo.errors import DataError, EdgegeoError, MissingExtraError

MAX_BYTES = 1_000_000
NOT_AS_EXPECTED = (TypeError, ValueError, IndexError, AttributeError, OverflowError)
LENSES = {
    "": Lens.NONE,
    "none": Lens.NONE,
    "plumb_bob": Lens.RADTAN,
    "rational_polynomial": Lens.RADTAN,
    "radtan": Lens.RADTAN,
    "equidistant": Lens.FISHEYE,
    "equi": Lens.FISHEYE,
    "fisheye": Lens.FISHEYE,
}
MATRIX_KEYS = ("camera_matrix", "Camera_Matrix", "cameraMatrix", "K")
DISTORTION_KEYS = (
    "distortion_coefficients",
    "Distortion_Coefficients",
    "distCoeffs",
    "dist_coeffs",
    "D",
)
WIDTH_KEYS = ("image_width", "image_Width")
HEIGHT_KEYS = ("image_height", "image_Height")


def read_camera(
    path: str | PathLike[str],
    *,
    name: str = "cam0",
    mount_yaw_deg: float = 0.0,
    mount_pitch_deg: float = 0.0,
    mount_roll_deg: float = 0.0,
) -> Camera:
    """Read a ROS camera_info YAML, an OpenCV FileStorage (YAML, XML, JSON), or a Kalibr camchain.

    Args:
        name: which camera of a camchain.
        mount_yaw_deg, mount_pitch_deg, mount_roll_deg: see `Camera`; no such file says them.

    Raises DataError for a file that is none of these or lacks something, MissingExtraError
    without PyYAML, or OpenCV where the file is OpenCV's.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path} as a camera calibration: {error}") from error
    if len(data) > MAX_BYTES:
        raise DataError(f"{path} is no camera calibration: larger than {MAX_BYTES} bytes")
    mounting = {
        "mount_yaw_deg": mount_yaw_deg,
        "mount_pitch_deg": mount_pitch_deg,
        "mount_roll_deg": mount_roll_deg,
    }
    try:
        if any(mark in text for mark in ("%YAML:1.0", "<opencv_storage>", "opencv-matrix")):
            return _opencv(text, mounting)
        tree = _yaml(text)
        if isinstance(tree, dict) and "camera_matrix" in tree:
            return _ros(tree, mounting)
        if isinstance(tree, dict) and name in tree:
            return _kalibr(tree[name], mounting)
    except KeyError as error:
        raise DataError(f"{path} lacks {error}") from error
    except MissingExtraError:
        raise
    except (EdgegeoError, *NOT_AS_EXPECTED) as error:
        raise DataError(f"{path} is not a usable calibration: {error}") from error
    has = f"it has {sorted(map(str, tree))[:8]}" if isinstance(tree, dict) else "no table in it"
    raise DataError(
        f"{path} is no camera calibration: expected camera_matrix (ROS, OpenCV) or {name} "
        f"(Kalibr), {has}"
    )


def _ros(tree: dict[str, Any], mounting: dict[str, float]) -> Camera:
    k = tree["camera_matrix"]["data"]
    if len(k) != 9:
        raise ValueError(f"camera_matrix must have 9 numbers, got {len(k)}")
    distortion = tree.get("distortion_coefficients", {}).get("data", [])
    return camera_of(
        size=(tree["image_width"], tree["image_height"]),
        focal=(k[0], k[4]),
        centre=(k[2], k[5]),
        model=str(tree.get("distortion_model", "")),
        distortion=distortion,
        mounting=mounting,
    )


def _kalibr(tree: dict[str, Any], mounting: dict[str, float]) -> Camera:
    model = tree.get("camera_model", "pinhole")
    if model != "pinhole":
        raise ValueError(f"camera_model must be pinhole, got {model}")
    fx, fy, cx, cy = tree["intrinsics"]
    return camera_of(
        size=tree["resolution"],
        focal=(fx, fy),
        centre=(cx, cy),
        model=str(tree.get("distortion_model", "")),
        distortion=tree.get("distortion_coeffs", []),
        mounting=mounting,
    )


def _opencv(text: str, mounting: dict[str, float]) -> Camera:
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError.of("reading an OpenCV calibration", "opencv") from error
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)

        def node(keys: tuple[str, ...]) -> Any:
            for key in keys:
                found = storage.getNode(key)
                if not found.empty():
                    return found
            raise KeyError(" or ".join(keys))

        k = node(MATRIX_KEYS).mat()
        if k is None or k.shape != (3, 3):
            raise ValueError(f"the camera matrix must be 3 x 3, got {k}")
        fisheye = storage.getNode("fisheye_model")
        is_fisheye = not fisheye.empty() and fisheye.real() != 0
        return camera_of(
            size=(node(WIDTH_KEYS).real(), node(HEIGHT_KEYS).real()),
            focal=(k[0, 0], k[1, 1]),
            centre=(k[0, 2], k[1, 2]),
            model="fisheye" if is_fisheye else "plumb_bob",
            distortion=np.ravel(node(DISTORTION_KEYS).mat()),
            mounting=mounting,
        )
    except (cv2.error, SystemError) as error:
        raise DataError(f"OpenCV cannot parse it: {error}") from error


def camera_of(
    *, size: Any, focal: Any, centre: Any, model: str, distortion: Any, mounting: dict[str, float]
) -> Camera:
    """Return the camera of numbers as calibrations have them; ValueError for an unknown model."""
    if model not in LENSES:
        raise ValueError(f"distortion model must be one of {sorted(LENSES)}, got {model!r}")
    lens, numbers = LENSES[model], tuple(float(value) for value in distortion)
    if not any(numbers) and lens is not Lens.FISHEYE:
        lens, numbers = Lens.NONE, ()  # a fisheye without coefficients is still no pinhole
    width, height = size
    return Camera(
        width_px=int(width),
        height_px=int(height),
        fx_px=float(focal[0]),
        fy_px=float(focal[1]),
        cx_px=float(centre[0]),
        cy_px=float(centre[1]),
        lens=lens,
        distortion=numbers,
        **mounting,
    )


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError.of("reading a YAML calibration", "fly") from error
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError(f"not YAML: {' '.join(str(error).split())[:200]}") from error
