"""The one place that decides whether a position goes out. When in doubt, silence."""

import math
from dataclasses import dataclass
from enum import Enum

from edgegeo.autopilot.output import OutputFix
from edgegeo.errors import RangeError
from edgegeo.sighting import Estimate, State

FUTURE_US = 50_000


class Silence(Enum):
    """Why nothing is sent."""

    NO_POSITION = "the tracker is searching or lost"
    NO_ACCURACY = "the position has no finite accuracy"
    STALE = "the estimate is older than allowed, or from the future"
    REPEATED = "the estimate has been sent before, or is older than the last one sent"
    UNSUPPORTED = "no sighting has supported the position for too long"
    INACCURATE = "one standard deviation is larger than allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may go out. Ages count on the computer's monotonic clock."""

    max_age_s: float = 0.5  # of the estimate itself when it is sent
    stop_after_s: float = 5.0  # without a sighting that supports it
    max_sigma_m: float = 50.0

    def __post_init__(self) -> None:
        for name in ("max_age_s", "stop_after_s", "max_sigma_m"):
            if not 0 < getattr(self, name) < math.inf:
                raise RangeError.of(name, "positive and finite", getattr(self, name))


class Gate:
    """Passes estimates on as OutputFix, or says why not."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._last_us: int | None = None

    def passes(
        self,
        estimate: Estimate,
        now_us: int,
        *,
        alt_m: float | None = None,
        alt_sigma_m: float = 10.0,
        speed_sigma_m_s: float = 1.0,
    ) -> OutputFix | Silence:
        """Return what may be sent now. The altitude is the autopilot's own, where it is known."""
        if estimate.state not in (State.TRACKING, State.DEAD_RECKONING):
            return Silence.NO_POSITION
        if estimate.lat_deg is None or estimate.lon_deg is None or estimate.cov_m2 is None:
            return Silence.NO_POSITION
        age_us = now_us - estimate.time_us
        if not -FUTURE_US <= age_us <= self.limits.max_age_s * 1e6:
            return Silence.STALE
        if self._last_us is not None and estimate.time_us <= self._last_us:
            return Silence.REPEATED
        supported_us = estimate.sighted_us
        if supported_us is None or now_us - supported_us > self.limits.stop_after_s * 1e6:
            return Silence.UNSUPPORTED
        try:
            fix = OutputFix(
                time_us=estimate.time_us,
                lat_deg=estimate.lat_deg,
                lon_deg=estimate.lon_deg,
                cov_m2=estimate.cov_m2,
                alt_m=alt_m,
                alt_sigma_m=alt_sigma_m,
                north_m_s=estimate.north_m_s,
                east_m_s=estimate.east_m_s,
                speed_sigma_m_s=speed_sigma_m_s,
                probability=estimate.probability,
                relocated=estimate.relocated,
            )
        except RangeError:
            return Silence.NO_ACCURACY
        if fix.sigma_m > self.limits.max_sigma_m:
            return Silence.INACCURATE
        self._last_us = estimate.time_us
        return fix
