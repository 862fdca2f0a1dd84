"""From ROS 2 messages to the values of a flight. Pure: any object with the fields will do.

World axes are east-north-up and body axes forward-left-up in ROS (REP 103), north-east-down and
forward-right-down in edgegeo. ROS quaternions are x, y, z, w.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.attitude import Quaternion, product, unit
from edgegeo.camera import Camera
from edgegeo.camera_files import camera_of
from edgegeo.errors import DataError, EdgegeoError
from edgegeo.sources.opencv import require_cv2

CHANNELS = {"bgr8": 3, "rgb8": 3, "mono8": 1}
NED_FROM_ENU: Quaternion = (0.0, math.sqrt(0.5), math.sqrt(0.5), 0.0)
FLU_FROM_FRD: Quaternion = (0.0, 1.0, 0.0, 0.0)


def stamp_us(stamp: Any) -> int:
    """Return a builtin_interfaces/Time in microseconds."""
    return int(stamp.sec) * 1_000_000 + int(stamp.nanosec) // 1000


def picture(message: Any) -> NDArray[np.uint8]:
    """Return a sensor_msgs/Image as (h, w, 3) uint8 BGR.

    Raises DataError for an encoding other than bgr8, rgb8 and mono8, or too little data.
    """
    channels = CHANNELS.get(message.encoding)
    if channels is None:
        known = ", ".join(CHANNELS)
        raise DataError(f"image encoding must be one of {known}, got {message.encoding!r}")
    height, width, step = int(message.height), int(message.width), int(message.step)
    data = np.frombuffer(message.data, np.uint8)
    if not (height and width) or step < width * channels or len(data) < height * step:
        raise DataError(
            f"an image of {width} x {height} {message.encoding} in rows of {step} bytes needs "
            f"{height * max(step, width * channels)} bytes, got {len(data)}"
        )
    rows = data[: height * step].reshape(height, step)[:, : width * channels]
    pixels = rows.reshape(height, width, channels)
    if message.encoding == "rgb8":
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(np.broadcast_to(pixels, (height, width, 3)))


def compressed_picture(message: Any) -> NDArray[np.uint8]:
    """Return a sensor_msgs/CompressedImage as (h, w, 3) uint8 BGR. Raises DataError."""
    cv2 = require_cv2()
    data = np.frombuffer(message.data, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise DataError(f"a compressed image ({message.format!r}) cannot be decoded")
    return np.asarray(image, np.uint8)


def camera(message: Any, **mounting: float) -> Camera:
    """Return the camera of a sensor_msgs/CameraInfo; `mounting` as in `Camera`.

    Raises DataError for one that is not calibrated, or whose frames are binned or cut out.
    """
    if message.k[0] == 0:
        raise DataError("camera_info is not calibrated: its k is zero")
    roi, size = message.roi, (message.width, message.height)
    cut = (roi.x_offset, roi.y_offset) != (0, 0) or (roi.width, roi.height) not in ((0, 0), size)
    if cut or max(message.binning_x, message.binning_y) > 1:
        raise DataError(
            "camera_info tells of binning or a region of interest: publish whole frames"
        )
    try:
        return camera_of(
            size=size,
            focal=(message.k[0], message.k[4]),
            centre=(message.k[2], message.k[5]),
            model=message.distortion_model,
            distortion=message.d,
            mounting=mounting,
        )
    except (EdgegeoError, ValueError) as error:
        raise DataError(f"camera_info is not usable: {error}") from error


def attitude(orientation: Any) -> Quaternion:
    """Return a geometry_msgs/Quaternion, forward-left-up to east-north-up, as edgegeo has it.

    Raises RangeError for what is no attitude.
    """
    q = unit((orientation.w, orientation.x, orientation.y, orientation.z))
    return product(product(NED_FROM_ENU, q), FLU_FROM_FRD)


def enu_attitude(q: Quaternion) -> Quaternion:
    """Return (w, x, y, z) from forward-left-up to east-north-up: the inverse of `attitude`."""
    return product(product(NED_FROM_ENU, q), FLU_FROM_FRD)  # each half turn is its own inverse
