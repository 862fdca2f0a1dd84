"""A flight read back from a log that holds its whole frames and all that its vehicle told."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import merge
from os import PathLike

import numpy as np

from edgegeo.autopilot.told import Sample
from edgegeo.errors import DataError
from edgegeo.logs import read_log
from edgegeo.sources import Frame, PushedFrames, SourceStatus
from edgegeo.sources.newest import now_us
from edgegeo.sources.opencv import require_cv2

Event = tuple[int, Frame | Sample]  # and the moment it was at hand


class LoggedFlight:
    """`camera` and `on_gimbal` are those it was first flown with; times are those of its clock.

    Raises DataError for a log without whole frames. One that ends early is played up to there.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        require_cv2()
        self._records = read_log(path)
        self.epoch_us = self._records.epoch_us
        about = next(self._records.of("/camera_info"), None)
        if about is None:
            raise DataError(f"{path} holds no whole frames: only a log of --log-frames is replayed")
        self.camera, self.on_gimbal = about.value
        self.start_us = next(self.events())[0]

    def events(self) -> Iterator[Event]:
        """Give frames and samples in the order in which the flight had them at hand."""
        samples = ((r.time_us, r.value) for r in self._records.of("/vehicle"))
        return merge(samples, self._frames(), key=lambda event: event[0])

    def truth(self) -> list[tuple[int, float, float]]:
        """Return (time_us, lat_deg, lon_deg) as far as it was known."""
        return [(r.time_us, *r.value) for r in self._records.of("/truth")]

    def _frames(self) -> Iterator[tuple[int, Frame]]:
        cv2 = require_cv2()
        for _, ready_us, (name, unix_us, jpeg) in self._records.of("/camera"):
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            if image is None:
                raise DataError(f"{self._records.path}: frame {name} cannot be decoded")
            number = int(name) if name.isdecimal() else name
            time_us = unix_us - self.epoch_us
            yield ready_us, Frame(number, time_us, np.asarray(image, np.uint8), "monotonic")


class PacedLog:
    """Plays a flight in real time: a source of its frames, while its samples go to `hear`.

    `shift_us` carries its clock to this computer's.
    """

    def __init__(self, logged: LoggedFlight, hear: Callable[[Sample], None]) -> None:
        self.shift_us = now_us() - logged.start_us
        self._logged, self._hear = logged, hear
        self._frames = PushedFrames()
        self._error: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="edgegeo replay", daemon=True)
        self._thread.start()

    def latest(self, timeout_s: float = 1.0) -> Frame | None:
        return self._frames.latest(timeout_s)

    @property
    def status(self) -> SourceStatus:
        return replace(self._frames.status, error=self._error)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2.0)

    def __enter__(self) -> "PacedLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            for moment_us, what in self._logged.events():
                if self._stop.wait(max(0.0, 1e-6 * (moment_us + self.shift_us - now_us()))):
                    return
                time_us = what.time_us + self.shift_us
                if isinstance(what, Frame):
                    self._frames.push(what.image, time_us)
                else:
                    self._hear(what._replace(time_us=time_us))
        except Exception as error:  # whatever it is, the flight ends as after the last frame
            self._error = str(error)
        finally:
            self._frames.close()
