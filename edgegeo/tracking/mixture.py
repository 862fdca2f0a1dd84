"""The belief: a mixture of Gaussians over where the camera is, and the chance of none of them.

Each part's state is (east, north; error of the velocity, east, north; bias of the fixes, east,
north; errors of the camera's pose in standard deviations), in metres and metres per second. The
errors are first-order Gauss-Markov processes, so that many frames of one second do not make the
uncertainty vanish: the shaping filter for coloured noise, Bar-Shalom, Li and Kirubarajan,
"Estimation with Applications to Tracking and Navigation" (2001), section 8.2. Those of the pose
turn with the vehicle, so that its turns tell them from an error of the position.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.sighting import POSE_ERRORS
from edgegeo.tracking.motion import Leg
from edgegeo.tracking.settings import TrackSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
STATES = 6 + len(POSE_ERRORS)
POSITION, VELOCITY, BIAS, POSE = slice(0, 2), slice(2, 4), slice(4, 6), slice(6, STATES)
COLUMNS = ("mean", "cov", "weight", "name", "since_us", "supported_us", "sightings")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Mixture:
    """n parts around an origin, at one moment.

    mean (n, 10), cov (n, 10, 10), weight (n,); `elsewhere` is the chance that no part holds, and
    with the weights adds up to 1. Of each part: name (n,) its line of descent; since_us,
    supported_us (n,) the first and the last sighting that put it there; sightings (n,) how many.
    """

    time_us: int
    lat0_deg: float
    lon0_deg: float
    mean: Floats
    cov: Floats
    weight: Floats
    elsewhere: float
    name: Ints
    since_us: Ints
    supported_us: Ints
    sightings: Ints
    fresh: bool  # the velocity's error is that of a measured velocity
    born: int = 0  # lines of descent so far
    sighted_us: int | None = None  # the last sighting, whatever it supported

    def __len__(self) -> int:
        return len(self.weight)

    def take(self, rows: NDArray[np.intp]) -> "Mixture":
        """Return the parts of these rows."""
        return replace(self, **{column: getattr(self, column)[rows] for column in COLUMNS})

    def join(self, *others: "Mixture") -> "Mixture":
        """Return the parts of all of them; what is said of none of the parts stays as it is."""
        columns: dict[str, Any] = {
            column: np.concatenate([getattr(m, column) for m in (self, *others)])
            for column in COLUMNS
        }
        return replace(self, **columns)


def nowhere(time_us: int, lat0_deg: float, lon0_deg: float) -> Mixture:
    """Return the belief of one who knows nothing."""
    none = np.zeros(0, np.int64)
    return Mixture(
        time_us=time_us,
        lat0_deg=lat0_deg,
        lon0_deg=lon0_deg,
        mean=np.zeros((0, STATES)),
        cov=np.zeros((0, STATES, STATES)),
        weight=np.zeros(0),
        elsewhere=1.0,
        name=none,
        since_us=none,
        supported_us=none,
        sightings=none,
        fresh=False,
    )


def predict(belief: Mixture, leg: Leg, settings: TrackSettings) -> Mixture:
    """Carry the belief along one leg."""
    seconds, fresh = leg.duration_s, leg.sigma_m_s is not None
    sigma = settings.speed_sigma_m_s if leg.sigma_m_s is None else leg.sigma_m_s
    lasting_s = settings.velocity_bias_s if fresh else settings.speed_s
    mean, cov = belief.mean.copy(), belief.cov.copy()
    if fresh and not belief.fresh:  # a new velocity: its error has nothing of the old one's
        mean[:, VELOCITY] = 0
        cov[:, VELOCITY, :] = 0
        cov[:, :, VELOCITY] = 0
        cov[:, 2, 2] = cov[:, 3, 3] = sigma**2
    step, noise = _transition(seconds, sigma, lasting_s, settings)
    mean = mean @ step.T
    mean[:, POSITION] += leg.east_m, leg.north_m
    lost = -math.expm1(-settings.wrong_per_s * seconds) * belief.weight
    return replace(
        belief,
        time_us=belief.time_us + round(1e6 * seconds),
        mean=mean,
        cov=step @ cov @ step.T + noise,
        weight=belief.weight - lost,
        elsewhere=belief.elsewhere + float(lost.sum()),
        fresh=fresh,
    )


def _transition(
    seconds: float, sigma_m_s: float, lasting_s: float, settings: TrackSettings
) -> tuple[Floats, Floats]:
    """Return the exact transition (10, 10) and its noise of the Gauss-Markov processes."""
    keep = math.exp(-seconds / lasting_s)
    bias = math.exp(-seconds / settings.bias_s)
    pose = math.exp(-seconds / settings.pose_s)
    step = np.diag([1.0, 1.0, keep, keep, bias, bias, *[pose] * len(POSE_ERRORS)])
    step[0, 2] = step[1, 3] = lasting_s * (1 - keep)
    variance = sigma_m_s**2
    pp = 2 * lasting_s * seconds - 4 * lasting_s**2 * (1 - keep) + lasting_s**2 * (1 - keep**2)
    pv = variance * lasting_s * (1 - keep) ** 2
    own = [max(0.0, variance * pp) + settings.walk_m2_s * seconds]
    own += [variance * (1 - keep**2), settings.bias_sigma_m**2 * (1 - bias**2)]
    noise = np.diag(np.append(np.repeat(own, 2), [1 - pose**2] * len(POSE_ERRORS)))
    noise[0, 2] = noise[2, 0] = noise[1, 3] = noise[3, 1] = pv
    return step, noise


def reduce(belief: Mixture, keep: int = 16, least: float = 1e-7) -> Mixture:
    """Merge the parts that say the same, the heaviest first, and drop the lightest.

    Two parts within two standard deviations of each other become one with their common mean
    and covariance; it keeps the name and the history of the heavier.
    """
    left = np.argsort(-belief.weight, kind="stable")
    left = left[belief.weight[left] > least]
    rows: list[int] = []
    means: list[Floats] = []
    covs: list[Floats] = []
    weights: list[float] = []
    while len(left) and len(rows) < keep:
        best = left[0]
        apart = belief.mean[left, POSITION] - belief.mean[best, POSITION]
        both = belief.cov[left, POSITION, POSITION] + belief.cov[best, POSITION, POSITION]
        same = np.einsum("ni,ni->n", apart, np.linalg.solve(both, apart[..., None])[..., 0]) < 4
        of, left = left[same], left[~same]
        share = belief.weight[of] / belief.weight[of].sum()
        mean = share @ belief.mean[of]
        off = belief.mean[of] - mean
        spread = belief.cov[of] + off[:, :, None] * off[:, None, :]
        rows.append(int(best))
        means.append(mean)
        covs.append(np.tensordot(share, spread, 1))
        weights.append(float(belief.weight[of].sum()))
    if not rows:
        return replace(belief.take(np.zeros(0, np.intp)), elsewhere=1.0)
    total = belief.elsewhere + sum(weights)
    return replace(
        belief.take(np.asarray(rows, np.intp)),
        mean=np.stack(means),
        cov=np.stack(covs),
        weight=np.asarray(weights) / total,
        elsewhere=belief.elsewhere / total,
    )
