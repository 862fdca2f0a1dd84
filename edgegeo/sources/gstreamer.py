"""A GStreamer pipeline, through an OpenCV that was built with it."""

import re

import numpy as np

from edgegeo.errors import DataError, MissingExtraError
from edgegeo.sources.live_camera import Stream
from edgegeo.sources.opencv import require_cv2


def has_gstreamer(build_information: str) -> bool:
    """Whether that OpenCV can; its list of backends names GStreamer either way.

    >>> has_gstreamer("  GStreamer:      YES (1.20.3)"), has_gstreamer("  GStreamer:      NO")
    (True, False)
    """
    return re.search(r"^\s*GStreamer:\s*YES", build_information, re.MULTILINE) is not None


def require_gstreamer() -> None:
    """Raise MissingExtraError where this OpenCV has no GStreamer."""
    cv2 = require_cv2()
    if not has_gstreamer(cv2.getBuildInformation()):
        raise MissingExtraError(
            f"OpenCV {cv2.__version__} here was built without GStreamer, as all of PyPI's are: "
            "use the one of the board's system (JetPack has it), or read the camera by "
            "rtsp://... or /dev/video0"
        )


def gstreamer_stream(pipeline: str) -> Stream:
    """Give the pictures of a pipeline that ends in `appsink`, BGR; they carry no timestamp."""
    cv2 = require_cv2()
    capture = cv2.VideoCapture(pipeline, cv2.CAP_GSTREAMER)
    try:
        if not capture.isOpened():
            raise DataError(f"the pipeline cannot be opened: {pipeline}")
        while True:
            ok, image = capture.read()
            if not ok:
                raise DataError("the pipeline gives no more frames")
            yield None, np.asarray(image, np.uint8)
    finally:
        capture.release()
