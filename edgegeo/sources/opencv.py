"""The one place that asks for OpenCV to decode frames."""

from types import ModuleType

from edgegeo.errors import MissingExtraError


def require_cv2() -> ModuleType:
    """Import OpenCV, or name the extra that brings it."""
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError.of("reading images and videos", "opencv") from error
    return cv2
