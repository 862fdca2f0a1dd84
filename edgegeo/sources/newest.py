"""A place for one frame: a slow reader gets the newest, not an ever older one."""

import threading
import time

import numpy as np
from numpy.typing import NDArray

from edgegeo.sources.frame import Frame
from edgegeo.sources.live_source import SourceState, SourceStatus


def now_us() -> int:
    """Return this computer's monotonic clock."""
    return time.monotonic_ns() // 1000


class Newest:
    """Filled by one thread, emptied by another. `stall_s` without a new picture is a stall."""

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._last: NDArray[np.uint8] | None = None
        self._last_us: int | None = None
        self._arrived_s: float | None = None
        self._frames = self._overwritten = self._duplicates = 0
        self._ended = False

    def put(self, image: NDArray[np.uint8], time_us: int) -> None:
        """Take a frame exposed at `time_us`; one that repeats the last is only counted."""
        repeated = self._last is not None and np.array_equal(image, self._last)
        with self._changed:
            if repeated:
                self._duplicates += 1
                return
            self._overwritten += self._frame is not None
            self._frame = Frame(self._frames, time_us, image, clock="monotonic")
            self._last, self._last_us = image, time_us
            self._frames += 1
            self._arrived_s = time.monotonic()
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Frame | None:
        """Give the frame and empty the place; None where none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._ended, timeout_s)
            frame, self._frame = self._frame, None
        return frame

    def reopen(self) -> None:
        """Forget that frames arrived: the source has to show that it is back."""
        with self._changed:
            self._arrived_s = None

    def end(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def status(self, *, reconnects: int = 0, error: str | None = None) -> SourceStatus:
        with self._changed:
            if self._ended:
                state = SourceState.ENDED
            elif self._arrived_s is None:
                state = SourceState.CONNECTING
            else:
                waited_s = time.monotonic() - self._arrived_s
                state = SourceState.STALLED if waited_s > self._stall_s else SourceState.RUNNING
            return SourceStatus(
                state=state,
                frames=self._frames,
                overwritten=self._overwritten,
                duplicates=self._duplicates,
                reconnects=reconnects,
                last_us=self._last_us,
                error=error,
            )
