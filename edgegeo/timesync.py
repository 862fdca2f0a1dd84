"""The autopilot's clock against ours: offset and drift, from round trips."""

from collections import deque
from itertools import combinations
from threading import Lock

import numpy as np

KEPT = 40  # round trips: 40 s at 1 Hz
NEEDED = 3
JUMP_US = 50_000  # off the line by more: an outlier, or a restart when three agree
MAX_ROUND_TRIP_US = 500_000
MAX_DRIFT = 500e-6  # a crystal's; more is noise


class TimeSync:
    """Turns the autopilot's time into the computer's monotonic time.

    Each round trip gives the offset at its middle, wrong by at most half of its length
    (Cristian's algorithm); the quicker half of them is fitted with a line, by the median of
    slopes (Theil and Sen), which one late answer in three cannot move. After a restart of the
    autopilot three answers that agree among themselves begin a new line.
    """

    def __init__(self) -> None:
        self._trips: deque[tuple[int, int, int]] = deque(maxlen=KEPT)  # ours, offset, length
        self._astray: list[tuple[int, int, int]] = []
        self._line: tuple[int, float, float] | None = None
        self._lock = Lock()
        self.restarts = 0

    def add(self, sent_us: int, peer_us: int, received_us: int) -> bool:
        """Take one round trip; say whether it was used. `peer_us` is the answer's own time."""
        length = received_us - sent_us
        if not 0 <= length <= MAX_ROUND_TRIP_US or peer_us <= 0:
            return False
        middle = sent_us + length // 2
        trip = (middle, peer_us - middle, length)
        with self._lock:
            if self._trips and abs(trip[1] - self._offset(middle)) > JUMP_US + length / 2:
                self._astray = [t for t in self._astray if abs(t[1] - trip[1]) <= JUMP_US]
                self._astray.append(trip)
                if len(self._astray) < NEEDED:
                    return False
                self._trips.clear()
                self._trips.extend(self._astray)
                self.restarts += 1
            else:
                self._trips.append(trip)
            self._astray = []
            self._fit()
        return True

    def restart(self) -> None:
        """Forget the line at once: the autopilot's own time was seen to go back."""
        with self._lock:
            self._trips.clear()
            self._astray = []
            self._line = None
            self.restarts += 1

    @property
    def ready(self) -> bool:
        return len(self._trips) >= NEEDED

    @property
    def drift(self) -> float:
        """Seconds that the autopilot gains in one of ours."""
        return self._line[2] if self._line else 0.0

    def ours_us(self, peer_us: int) -> int | None:
        """Return our time of a moment on the autopilot's clock; None before three answers."""
        with self._lock:
            if not self.ready:
                return None
            guess = peer_us - self._offset(self._trips[-1][0])
            return round(peer_us - self._offset(round(guess)))

    def peer_us(self, ours_us: int) -> int | None:
        """Return the autopilot's time of a moment on our clock."""
        with self._lock:
            return round(ours_us + self._offset(ours_us)) if self.ready else None

    def _offset(self, ours_us: int) -> float:
        if self._line is None:
            return float(self._trips[-1][1])
        zero, offset, drift = self._line
        return offset + drift * (ours_us - zero)

    def _fit(self) -> None:
        trips = sorted(self._trips, key=lambda trip: trip[2])
        quick = sorted(trips[: max(NEEDED, (len(trips) + 1) // 2)])
        zero = quick[-1][0]
        drift = 0.0
        if quick[-1][0] - quick[0][0] > 5_000_000:  # a shorter base tells no drift
            slopes = [
                (b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(quick, 2) if b[0] > a[0]
            ]
            drift = float(np.clip(np.median(slopes), -MAX_DRIFT, MAX_DRIFT))
        left = [offset - drift * (at - zero) for at, offset, _ in quick]
        self._line = (zero, float(np.median(left)), drift)
