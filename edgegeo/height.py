"""Height above ground, from what the vehicle measures, by preference, with contradictions told."""

import math
from dataclasses import dataclass
from enum import Enum
from threading import Lock

from edgegeo.errors import RangeError


class HeightSource(Enum):
    """Where a height comes from, best first."""

    RANGEFINDER = "measured to the ground below"
    TERRAIN = "above a terrain model"
    RELATIVE = "above home: right only where the ground lies as high as there"


MAX_AGE_US = {
    HeightSource.RANGEFINDER: 500_000,
    HeightSource.TERRAIN: 2_000_000,
    HeightSource.RELATIVE: 1_000_000,
}
CONTRADICTION_SIGMAS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Height:
    """Metres above ground with one standard deviation.

    `doubtful` when only the height above home is known; `contradiction` names a source that
    says something else, and by then `sigma_m` covers half of the difference.
    """

    height_m: float
    sigma_m: float
    source: HeightSource
    contradiction: str | None = None

    @property
    def doubtful(self) -> bool:
        return self.source is HeightSource.RELATIVE


def usual_sigma_m(source: HeightSource, height_m: float) -> float:
    """One standard deviation of a height whose sender gives none.

    Assumed, not measured: 2 % and 0.3 m of a rangefinder, 3 m and 3 % of terrain models, 5 m
    and 10 % above home, for the ground is seldom level.
    """
    floor_m, share = {
        HeightSource.RANGEFINDER: (0.3, 0.02),
        HeightSource.TERRAIN: (3.0, 0.03),
        HeightSource.RELATIVE: (5.0, 0.10),
    }[source]
    return math.hypot(floor_m, share * height_m)


class Heights:
    """The latest height of each source. One thread may add while others ask."""

    def __init__(self) -> None:
        self._last: dict[HeightSource, tuple[int, float, float]] = {}
        self._lock = Lock()

    def add(
        self, source: HeightSource, time_us: int, height_m: float, sigma_m: float | None = None
    ) -> None:
        """Take one measurement; an older one than the last of its source is passed over.

        One a second or more older says that the clock restarted, and is taken. Raises
        RangeError for a height that is not finite.
        """
        if not math.isfinite(height_m):
            raise RangeError.of("height_m", "finite", height_m)
        sigma_m = usual_sigma_m(source, height_m) if sigma_m is None else sigma_m
        with self._lock:
            last = self._last.get(source)
            if last is None or not 0 < last[0] - time_us < 1_000_000:
                self._last[source] = (time_us, height_m, sigma_m)

    def at(self, time_us: int) -> Height | None:
        """Return the best height within its source's age of `time_us`, or None.

        A height of zero or less is no height: the vehicle stands, or the source is wrong.
        """
        with self._lock:
            fresh = [
                (source, *self._last[source][1:])
                for source in HeightSource
                if source in self._last
                and abs(time_us - self._last[source][0]) <= MAX_AGE_US[source]
                and self._last[source][1] > 0
            ]
        if not fresh:
            return None
        source, height_m, sigma_m = fresh[0]
        said = []
        wide_m = sigma_m
        for other, other_m, other_sigma_m in fresh[1:]:
            apart_m = abs(other_m - height_m)
            if apart_m > CONTRADICTION_SIGMAS * math.hypot(sigma_m, other_sigma_m):
                said.append(
                    f"{source.name.lower()} says {height_m:.1f} m, "
                    f"{other.name.lower()} {other_m:.1f} m"
                )
                wide_m = max(wide_m, apart_m / 2)
        return Height(
            height_m=height_m,
            sigma_m=wide_m,
            source=source,
            contradiction="; ".join(said) or None,
        )
