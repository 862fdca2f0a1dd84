"""What a flight passes on: where the camera was seen, how it moves, where it is thought to be."""

import math
from dataclasses import dataclass
from enum import Enum

POSE_ERRORS = ("heading", "roll", "pitch", "height")  # the order of `Sighting.pose_m`


class State(Enum):
    """What the tracker knows."""

    SEARCHING = "no position yet"
    TRACKING = "position held by fixes"
    DEAD_RECKONING = "position carried on by motion alone"
    LOST = "the position has grown too uncertain to be used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One place where the camera may have been.

    `cov_m2` is the east-north covariance as (ee, en, nn); `weight` the probability that the
    camera was here rather than at any other hypothesis or somewhere else altogether.
    """

    lat_deg: float
    lon_deg: float
    cov_m2: tuple[float, float, float]
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One frame, as a posterior over where the *camera* was at the moment of exposure.

    `time_us` is that moment on the computer's monotonic clock. The weights of `hypotheses`
    (best first) add up to at most 1; the rest is the chance that it was elsewhere. A rejected
    frame keeps its hypotheses, with little weight, or has none.

    `pose_m` tells which part of each covariance comes from the camera's pose, and so is alike in
    frame after frame: how far (east, north) one standard deviation of each of POSE_ERRORS moves
    the camera. Empty where that is not known.
    """

    time_us: int
    hypotheses: tuple[Hypothesis, ...]
    accepted: bool
    pose_m: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """Horizontal velocity over ground, with one standard deviation along each axis."""

    time_us: int
    north_m_s: float
    east_m_s: float
    sigma_m_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Where the camera is thought to be at `time_us` (monotonic clock).

    Position and covariance are None while SEARCHING. `probability` is that of a horizontal
    error of at most 20 m; `sighted_us` the exposure time of the last sighting that supports the
    position; `relocated` counts the jumps to another place.
    """

    time_us: int
    state: State
    lat_deg: float | None = None
    lon_deg: float | None = None
    cov_m2: tuple[float, float, float] | None = None
    north_m_s: float | None = None
    east_m_s: float | None = None
    probability: float = 0.0
    sighted_us: int | None = None
    relocated: int = 0

    @property
    def sigma_m(self) -> float | None:
        """One standard deviation along the worst direction."""
        if self.cov_m2 is None:
            return None
        ee, en, nn = self.cov_m2
        return math.sqrt((ee + nn) / 2 + math.hypot((ee - nn) / 2, en))

    @property
    def age_us(self) -> int | None:
        """Time since the exposure of the last sighting that supports the position."""
        return None if self.sighted_us is None else self.time_us - self.sighted_us
