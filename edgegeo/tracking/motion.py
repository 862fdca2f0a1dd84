"""Velocities as they came, and the way they make between two moments."""

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import NamedTuple

from edgegeo.sighting import Velocity
from edgegeo.tracking.settings import TrackSettings


class Leg(NamedTuple):
    """A piece of the way with one kind of velocity."""

    duration_s: float
    east_m: float  # by the measured velocity
    north_m: float
    sigma_m_s: float | None  # of that velocity; None where it is stale


class Motion:
    """A history of velocities, each held until the next or until it is stale."""

    def __init__(self, settings: TrackSettings) -> None:
        self.stale_us = round(1e6 * settings.velocity_stale_s)
        self.floor_m_s = settings.velocity_floor_m_s
        self._held: list[Velocity] = []

    def add(self, velocity: Velocity) -> None:
        insort(self._held, velocity, key=_time)

    def forget(self, before_us: int) -> None:
        """Drop what no leg from `before_us` on needs."""
        del self._held[: max(0, bisect_right(self._held, before_us, key=_time) - 1)]

    def at(self, time_us: int) -> tuple[float, float, float | None]:
        """Return (east_m_s, north_m_s, sigma_m_s), the sigma None where it is stale."""
        index = bisect_right(self._held, time_us, key=_time)
        if not index:
            return 0.0, 0.0, None
        held = self._held[index - 1]
        fresh = time_us - held.time_us < self.stale_us
        sigma = max(held.sigma_m_s, self.floor_m_s) if fresh else None
        return held.east_m_s, held.north_m_s, sigma

    def legs(self, start_us: int, end_us: int) -> Iterator[Leg]:
        """Give the way from start to end; legs in a row that are all fresh, or all stale, are
        joined, with the largest sigma of them.
        """
        times = {end_us}
        for held in self._held:
            times |= {held.time_us, held.time_us + self.stale_us}
        joined: Leg | None = None
        last_us = start_us
        for time_us in sorted(t for t in times if start_us < t <= end_us):
            east, north, sigma = self.at(last_us)
            seconds = 1e-6 * (time_us - last_us)
            leg = Leg(seconds, east * seconds, north * seconds, sigma)
            last_us = time_us
            if joined is not None and (joined.sigma_m_s is None) is (sigma is None):
                leg = _join(joined, leg)
            elif joined is not None:
                yield joined
            joined = leg
        if joined is not None:
            yield joined


def _join(a: Leg, b: Leg) -> Leg:
    sigma = None
    if a.sigma_m_s is not None and b.sigma_m_s is not None:
        sigma = max(a.sigma_m_s, b.sigma_m_s)
    return Leg(a.duration_s + b.duration_s, a.east_m + b.east_m, a.north_m + b.north_m, sigma)


def _time(velocity: Velocity) -> int:
    return velocity.time_us
