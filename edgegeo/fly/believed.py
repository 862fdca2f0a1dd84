"""The tracker, shared by the thread that sees and the thread that tells."""

from collections.abc import Callable
from threading import Lock

from edgegeo.sighting import Estimate, Sighting, Velocity
from edgegeo.track import Tracker

FRESH_US = 500_000  # an autopilot's velocity no older than this stands before the pictures'


class Believed:
    """A Tracker under a lock. Velocities are the autopilot's; the pictures' where it tells none."""

    def __init__(self, tracker: Tracker, velocity: Callable[[], Velocity | None]) -> None:
        self._tracker, self._velocity = tracker, velocity
        self._lock = Lock()
        self._told_us: int | None = None
        self._resets = tracker.resets

    def at(self, now_us: int) -> tuple[Estimate, str | None]:
        """Return the estimate for now, and why the belief was dropped if that is news."""
        told = self._velocity()
        with self._lock:
            if told is not None and told.time_us != self._told_us and told.time_us <= now_us:
                self._tracker.move(told)
                self._told_us = told.time_us
            estimate = self._tracker.estimate(now_us)
            reason = None
            if self._tracker.resets != self._resets:
                self._resets, reason = self._tracker.resets, self._tracker.reset_reason
        return estimate, reason

    def sight(self, sighting: Sighting) -> None:
        with self._lock:
            self._tracker.sight(sighting)

    def moved(self, velocity: Velocity) -> None:
        """Take a velocity from the pictures, unless the autopilot tells it."""
        if not self.is_told(velocity.time_us):
            with self._lock:
                self._tracker.move(velocity)

    def is_told(self, time_us: int) -> bool:
        """Whether the autopilot tells the velocity."""
        told = self._velocity()
        return told is not None and abs(time_us - told.time_us) <= FRESH_US

    @property
    def dropped(self) -> int:
        return self._tracker.dropped
