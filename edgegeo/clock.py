"""Where the time of one frame goes."""

import time

from edgegeo.types import Timings


class Clock:
    """Milliseconds between stops; a stage that is stopped twice is their sum."""

    def __init__(self) -> None:
        self._stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self._stages[stage] = self._stages.get(stage, 0.0) + 1e3 * (now - self._last)
        self._last = now

    def timings(self) -> Timings:
        return Timings(**self._stages)
