"""A camera read by a thread of its own, opened again whenever it is gone."""

import threading
from collections.abc import Callable, Generator
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import DataError, RangeError
from edgegeo.sources.frame import Frame
from edgegeo.sources.live_source import SourceStatus
from edgegeo.sources.newest import Newest, now_us
from edgegeo.sources.stream_clock import StreamClock

# Pictures with the stream's own timestamp in microseconds, or None where it has none.
Stream = Generator[tuple[int | None, NDArray[np.uint8]], None, None]
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 8.0


class LiveCamera:
    """Keeps the newest frame of a stream.

    `open_stream` opens the camera and gives its pictures; whatever it raises, and its end, lead
    to another try after a wait that doubles from 0.25 to 8 s and starts over with the first
    frame. `delay_ms` is the time from exposure to the stream's timestamp, or to arrival where it
    has none; it is taken off. With `once` the end of the stream is the end of the source, and so is
    a DataError, for a broken file stays broken; `status.error` tells that one.
    """

    def __init__(
        self,
        open_stream: Callable[[], Stream],
        *,
        delay_ms: float = 0.0,
        stall_s: float = 1.0,
        once: bool = False,
    ) -> None:
        if not 0 <= delay_ms <= 10_000:
            raise RangeError.of("delay_ms", "in [0, 10000]", delay_ms)
        self._open = open_stream
        self._delay_us = round(1e3 * delay_ms)
        self._once = once
        self._newest = Newest(stall_s)
        self._reconnects = 0
        self._error: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="edgegeo camera", daemon=True)
        self._thread.start()

    def latest(self, timeout_s: float = 1.0) -> Frame | None:
        return self._newest.take(timeout_s)

    @property
    def status(self) -> SourceStatus:
        return self._newest.status(reconnects=self._reconnects, error=self._error)

    def close(self) -> None:
        self._stop.set()
        self._newest.end()
        self._thread.join(timeout=2.0)  # a read that hangs ends with the process

    def __enter__(self) -> "LiveCamera":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            clock = StreamClock()
            try:
                with closing(self._open()) as stream:
                    for stream_us, image in stream:
                        if self._stop.is_set():
                            return
                        sent_us = clock.monotonic_us(stream_us, now_us())
                        self._newest.put(image, sent_us - self._delay_us)
                        wait_s = FIRST_WAIT_S
                self._error = None if self._once else "the stream ended"
                if self._once:
                    self._newest.end()
                    return
            except Exception as error:  # of any decoder or driver: the flight goes on
                self._error = f"{type(error).__name__}: {error}"
                if self._once and isinstance(error, DataError):
                    self._newest.end()
                    return
            self._newest.reopen()
            self._stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            self._reconnects += 1
