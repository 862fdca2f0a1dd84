"""Files flown again: at the pace they were taken, or as fast as the localizer goes."""

import time
from dataclasses import replace

from edgegeo.errors import RangeError
from edgegeo.sources.frame import Frame, FrameSource
from edgegeo.sources.live_camera import Stream
from edgegeo.sources.live_source import SourceState, SourceStatus


def file_time_us(source: FrameSource, frame: Frame, index: int, rate_hz: float) -> int:
    """When a frame was taken since the start: a video tells, images come at `rate_hz`."""
    return frame.time_us if source.numbered else round(index * 1e6 / rate_hz)


def paced_stream(source: FrameSource, rate_hz: float, start_s: float | None = None) -> Stream:
    """Give each picture when its time has come, as a camera would.

    `start_s` is the moment of the file's zero on the monotonic clock, by default now.
    """
    start_s = time.monotonic() if start_s is None else start_s
    for index, frame in enumerate(source.frames()):
        time_us = file_time_us(source, frame, index, rate_hz)
        time.sleep(max(0.0, start_s + 1e-6 * time_us - time.monotonic()))
        yield time_us, frame.image


class FastReplay:
    """Every frame in turn, each when it is asked for; times are those of the file."""

    def __init__(self, source: FrameSource, *, rate_hz: float = 1.0) -> None:
        if not 0 < rate_hz <= 1000:
            raise RangeError.of("rate_hz", "in (0, 1000]", rate_hz)
        self._source, self._rate_hz = source, rate_hz
        self._frames = enumerate(source.frames())
        self._status = SourceStatus(state=SourceState.CONNECTING)

    def latest(self, timeout_s: float = 1.0) -> Frame | None:  # noqa: ARG002 never waits
        if self._status.state is SourceState.ENDED:
            return None
        try:
            index, frame = next(self._frames)
        except StopIteration:
            self._status = replace(self._status, state=SourceState.ENDED)
            return None
        except Exception as error:  # a broken file ends a replay as its last frame does
            self._status = replace(self._status, state=SourceState.ENDED, error=str(error))
            return None
        time_us = file_time_us(self._source, frame, index, self._rate_hz)
        self._status = replace(
            self._status, state=SourceState.RUNNING, frames=self._status.frames + 1, last_us=time_us
        )
        return frame._replace(time_us=time_us)

    @property
    def status(self) -> SourceStatus:
        return self._status

    def close(self) -> None:
        self._status = replace(self._status, state=SourceState.ENDED)

    def __enter__(self) -> "FastReplay":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
