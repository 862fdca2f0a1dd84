"""Frames from the user's own code."""

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import ShapeError
from edgegeo.sources.frame import Frame
from edgegeo.sources.live_source import SourceStatus
from edgegeo.sources.newest import Newest, now_us


class PushedFrames:
    """A camera whose frames somebody else takes; `push` may be called from any one thread.

    >>> camera = PushedFrames()
    >>> camera.push(np.zeros((2, 3, 3), np.uint8), exposure_us=40)
    >>> camera.latest().time_us
    40
    """

    def __init__(self, *, stall_s: float = 1.0) -> None:
        self._newest = Newest(stall_s)

    def push(self, image: NDArray[np.uint8], exposure_us: int | None = None) -> None:
        """Hand over a (h, w, 3) uint8 BGR frame; it is copied.

        `exposure_us` is on this computer's monotonic clock (`time.monotonic_ns() // 1000`), by
        default now. Raises ShapeError.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ShapeError.of("image", "(h, w, 3) uint8", f"{image.shape} {image.dtype}")
        self._newest.put(image.copy(), now_us() if exposure_us is None else exposure_us)

    def latest(self, timeout_s: float = 1.0) -> Frame | None:
        return self._newest.take(timeout_s)

    @property
    def status(self) -> SourceStatus:
        return self._newest.status()

    def close(self) -> None:
        self._newest.end()

    def __enter__(self) -> "PushedFrames":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
