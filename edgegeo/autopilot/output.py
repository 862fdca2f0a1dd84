"""The position that goes to an autopilot: the camera's own, never without a finite accuracy."""

import math
from dataclasses import dataclass

from edgegeo.errors import RangeError

E7 = 1e7  # parts of a degree in MAVLink and UBX
METRES_PER_DOP = 5.0  # a GPS of DOP 1 is good to some 5 m
SATELLITES = 10  # a camera sees none; receivers and arming checks ask for some


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFix:
    """What every message is made of. Made by `gate.Gate`, which decides whether there is one.

    `time_us` is the moment the position holds for, on the computer's monotonic clock.
    `cov_m2` is the east-north covariance as (ee, en, nn). `alt_m` above mean sea level is the
    autopilot's own: a downward camera measures none. Velocities are over ground.

    Raises RangeError for anything not finite, out of range, or without an accuracy.
    """

    time_us: int
    lat_deg: float
    lon_deg: float
    cov_m2: tuple[float, float, float]
    alt_m: float | None = None
    alt_sigma_m: float = 10.0
    north_m_s: float | None = None
    east_m_s: float | None = None
    speed_sigma_m_s: float = 1.0
    probability: float = 0.0
    relocated: int = 0

    def __post_init__(self) -> None:
        if not -90 <= self.lat_deg <= 90 or not -180 <= self.lon_deg <= 180:
            got = (self.lat_deg, self.lon_deg)
            raise RangeError.of("position", "degrees of latitude and longitude", got)
        ee, en, nn = self.cov_m2
        if not (0 < ee < math.inf and 0 < nn < math.inf and ee * nn - en * en > 0):
            raise RangeError.of("cov_m2", "a finite, positive covariance", self.cov_m2)
        for name in ("alt_m", "north_m_s", "east_m_s"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise RangeError.of(name, "finite, or None", value)
        for name in ("alt_sigma_m", "speed_sigma_m_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise RangeError.of(name, "positive and finite", getattr(self, name))
        if not 0 <= self.probability <= 1:
            raise RangeError.of("probability", "in [0, 1]", self.probability)

    @property
    def sigma_m(self) -> float:
        """One standard deviation along the worst direction."""
        ee, en, nn = self.cov_m2
        return math.sqrt((ee + nn) / 2 + math.hypot((ee - nn) / 2, en))

    @property
    def dop(self) -> float:
        """The accuracy as a dilution of precision, for messages that know no other."""
        return min(99.0, max(0.5, self.sigma_m / METRES_PER_DOP))

    @property
    def lat_e7(self) -> int:
        return round(self.lat_deg * E7)

    @property
    def lon_e7(self) -> int:
        return round(self.lon_deg * E7)
