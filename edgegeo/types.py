"""Plain values that travel down the pipeline. Frozen, hashable, units in the field names."""

import math
from dataclasses import dataclass
from enum import Enum

from edgegeo.errors import RangeError


class Reject(Enum):
    """Why a frame did not become a position."""

    LOW_SCORE = "no candidate is likely enough to be within 20 m"
    AMBIGUOUS = "two distant candidates score alike"
    NO_DETAIL = "the frame has too little detail to be told from any other"
    SMALL_FOOTPRINT = "the frame covers less than half a tile of the gallery"
    NO_CANDIDATE = "the prior circle holds no tile of the gallery"
    OBLIQUE = "the camera looks too far from straight down"


@dataclass(frozen=True, slots=True)
class Prior:
    """A circle the drone is known to be in.

    Raises RangeError for a latitude outside [-90, 90], a longitude outside [-180, 180], or
    a radius that is not positive and finite.
    """

    lat_deg: float
    lon_deg: float
    radius_m: float

    def __post_init__(self) -> None:
        if not -90 <= self.lat_deg <= 90:
            raise RangeError.of("prior latitude", "degrees in [-90, 90]", self.lat_deg)
        if not -180 <= self.lon_deg <= 180:
            raise RangeError.of("prior longitude", "degrees in [-180, 180]", self.lon_deg)
        if not 0 < self.radius_m < math.inf:
            raise RangeError.of("prior radius_m", "positive and finite", self.radius_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One place the frame may show, best first in a Fix.

    `lat_deg`, `lon_deg` are the frame's centre as ranking has it, `found_...` as retrieval has
    it; `tile` is the gallery row that the surest crop of the frame lies on; `retrieval` the
    mean cosine of the embeddings, `score` the final log-score.
    """

    tile: int
    lat_deg: float
    lon_deg: float
    found_lat_deg: float
    found_lon_deg: float
    retrieval: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the time of one `locate` went, in milliseconds."""

    rectify: float = 0.0
    encode: float = 0.0
    search: float = 0.0
    pairs: float = 0.0
    rank: float = 0.0
    fix: float = 0.0

    @property
    def total(self) -> float:
        return self.rectify + self.encode + self.search + self.pairs + self.rank + self.fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The ground point at the centre of one frame.

    `cov_m2` is the east-north covariance as (ee, en, nn); `probability` that of an error of
    at most 20 m. When `reject` is set the position is the best guess, good for a log and
    never for an autopilot, and None where there was no candidate at all. `reranked` says that the
    ranker compared the candidates; where it is False their order is retrieval's, which was so
    sure that only its first was ranked, to place it (`timings_ms.rank` > 0), or the engine's
    ranker is unused (0).
    """

    time_us: int
    lat_deg: float | None
    lon_deg: float | None
    cov_m2: tuple[float, float, float] | None
    probability: float
    reject: Reject | None = None
    candidates: tuple[Candidate, ...] = ()
    timings_ms: Timings = Timings()
    reranked: bool = False

    @property
    def accepted(self) -> bool:
        return self.reject is None

    @property
    def sigma_m(self) -> float | None:
        """One standard deviation along the worst direction."""
        if self.cov_m2 is None:
            return None
        ee, en, nn = self.cov_m2
        return math.sqrt((ee + nn) / 2 + math.hypot((ee - nn) / 2, en))
