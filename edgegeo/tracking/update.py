"""What one sighting does to the belief."""

import math
from dataclasses import replace

import numpy as np

from edgegeo import geodesy
from edgegeo.sighting import POSE_ERRORS, Sighting
from edgegeo.tracking.mixture import (
    BIAS,
    POSE,
    POSITION,
    STATES,
    VELOCITY,
    Floats,
    Mixture,
    reduce,
)
from edgegeo.tracking.settings import TrackSettings

NEGLIGIBLE = 1e-6  # share of a part below which a way to explain a sighting is left out


def update(
    belief: Mixture, sighting: Sighting, sigma_m_s: float | None, settings: TrackSettings
) -> Mixture:
    """Return the belief after a sighting of its moment; `sigma_m_s` is that of the velocity.

    With the share s of frames that are wrong whatever they say, a frame's posterior over the
    searched area A is the likelihood s + (1 - s) (A sum of weight N(x; place, cov) + the rest).
    Each part is split into "this frame is of no use" and one part for each place it may show;
    from "elsewhere" a new part is born at each place. Frames of one moment may share one wrong
    look-alike, so the likelihood enters with a power below 1 that makes the evidence depend on
    the time over which it was gathered, not on the number of frames.
    """
    # 1. What the frame says, in metres around the belief's origin.
    says = [h for h in sighting.hypotheses if h.weight > NEGLIGIBLE]
    if not says:
        return belief
    east, north = geodesy.enu_from_geo(
        [h.lat_deg for h in says], [h.lon_deg for h in says], belief.lat0_deg, belief.lon0_deg
    )
    place = np.column_stack([east, north]).reshape(-1, 2)
    shows = shown(sighting)
    cov = own_cov(sighting)[[h.weight > NEGLIGIBLE for h in sighting.hypotheses]]
    says_weight = (1 - settings.outlier) * np.array([h.weight for h in says])
    useless = 1 - float(says_weight.sum())
    gap_s = math.inf if belief.sighted_us is None else 1e-6 * (belief.time_us - belief.sighted_us)
    power = math.tanh(gap_s / (2 * settings.alike_s))

    # 2. How well each part explains each place.
    apart = place[None] - (belief.mean @ shows.T)[:, None]
    seen = shows @ belief.cov @ shows.T
    total = seen[:, None] + cov[None]
    far = np.einsum("nki,nki->nk", apart, np.linalg.solve(total, apart[..., None])[..., 0])
    density = np.exp(-0.5 * far) / (2 * math.pi * np.sqrt(np.linalg.det(total)))
    explained = settings.area_m2 * says_weight * density
    likelihood = useless + explained.sum(axis=1)
    reach = belief.weight * likelihood**power

    # 3. The children of each part: unchanged, or drawn to a place.
    idle = replace(belief, weight=reach * useless / likelihood)
    rows, columns = np.nonzero(explained > NEGLIGIBLE * likelihood[:, None])
    drawn = belief.take(rows)
    noise = _fast_part(cov[columns], gap_s, settings)
    mean, spread = _draw(drawn, shows, place[columns], noise)
    drawn = replace(
        drawn,
        mean=mean,
        cov=spread,
        weight=(reach / likelihood)[rows] * explained[rows, columns],
        supported_us=np.full(len(rows), belief.time_us, np.int64),
        sightings=drawn.sightings + 1,
    )

    # 4. From elsewhere, where the likelihood's mean is 1, new parts are born.
    weight = belief.elsewhere * says_weight
    born = _births(belief, shows, place, cov, weight, sigma_m_s, settings)
    joined = idle.join(drawn, born)
    scale = float(joined.weight.sum()) + belief.elsewhere * useless
    return reduce(
        replace(
            joined,
            weight=joined.weight / scale,
            elsewhere=belief.elsewhere * useless / scale,
            born=born.born,
            sighted_us=belief.time_us,
        )
    )


def shown(sighting: Sighting) -> Floats:
    """Return (2, 10), which of the state shows in a sighting: position, bias, the pose's errors."""
    shows = np.zeros((2, STATES))
    shows[:, POSITION] = shows[:, BIAS] = np.eye(2)
    for column, moved_m in enumerate(sighting.pose_m, POSE.start):
        shows[:, column] = moved_m
    return shows


def own_cov(sighting: Sighting) -> Floats:
    """Return (n, 2, 2), the covariances of the hypotheses less what the pose's errors make."""
    covs = [((h.cov_m2[0], h.cov_m2[1]), h.cov_m2[1:]) for h in sighting.hypotheses]
    moved_m = np.array(sighting.pose_m).reshape(-1, 2)
    return np.asarray(np.array(covs).reshape(-1, 2, 2) - moved_m.T @ moved_m)


def _fast_part(cov: Floats, gap_s: float, settings: TrackSettings) -> Floats:
    """Return the part of a frame's covariance (n, 2, 2) that is new with each frame.

    The slow part stands in the state. What is left of a first-order process of correlation_s,
    sampled every gap_s, tells as much as white noise of coth(gap / 2 correlation) its variance.
    """
    least = np.linalg.eigvalsh(cov)[:, 0]
    share = np.maximum(1 - settings.bias_sigma_m**2 / least, 0.25)
    alike = 1 / math.tanh(max(gap_s, 1e-3) / (2 * settings.correlation_s))
    return np.asarray(cov * (share * alike)[:, None, None])


def _draw(belief: Mixture, shows: Floats, place: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Kalman update of each part by its own place, in Joseph's form."""
    total = shows @ belief.cov @ shows.T + noise
    gain = np.swapaxes(np.linalg.solve(total, shows @ belief.cov), 1, 2)
    mean = belief.mean + np.einsum("nij,nj->ni", gain, place - belief.mean @ shows.T)
    keep = np.eye(STATES) - gain @ shows
    cov = keep @ belief.cov @ np.swapaxes(keep, 1, 2) + gain @ noise @ np.swapaxes(gain, 1, 2)
    return mean, (cov + np.swapaxes(cov, 1, 2)) / 2


def _births(
    belief: Mixture,
    shows: Floats,
    place: Floats,
    cov: Floats,
    weight: Floats,
    sigma_m_s: float | None,
    settings: TrackSettings,
) -> Mixture:
    count = len(place)
    speed = settings.speed_sigma_m_s if sigma_m_s is None else sigma_m_s
    slow = np.minimum(settings.bias_sigma_m**2, 0.75 * np.linalg.eigvalsh(cov)[:, 0])
    mean, spread = np.zeros((count, STATES)), np.zeros((count, STATES, STATES))
    mean[:, POSITION] = place
    spread[:, POSITION, POSITION] = cov + shows[:, POSE] @ shows[:, POSE].T
    spread[:, VELOCITY, VELOCITY] = speed**2 * np.eye(2)
    spread[:, BIAS, BIAS] = slow[:, None, None] * np.eye(2)
    spread[:, POSE, POSE] = np.eye(len(POSE_ERRORS))
    # The place is the fix less its bias: an error of the one is an error of the other.
    spread[:, POSITION, BIAS] = spread[:, BIAS, POSITION] = -spread[:, BIAS, BIAS]
    spread[:, POSITION, POSE] = -shows[:, POSE]
    spread[:, POSE, POSITION] = -shows[:, POSE].T
    now = np.full(count, belief.time_us, np.int64)
    return replace(
        belief,
        mean=mean,
        cov=spread,
        weight=weight,
        name=belief.born + np.arange(count),
        born=belief.born + count,
        since_us=now,
        supported_us=now,
        sightings=np.ones(count, np.int64),
    )
