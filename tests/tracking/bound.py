"""How small the error of any tracker can be: the Kalman filter that knows every noise.

All errors are Gaussian and enter linearly (fixes, velocity, an attitude error that turns with the
vehicle), so the Kalman filter's covariance is the Cramer-Rao bound of the posterior (Tichavsky,
Muravchik and Nehorai, IEEE Trans. Signal Processing 46(5), 1998) and is reached; no other
estimate lies within any radius more often (Anderson's inequality, 1955). It holds for what a
tracker is told: places, velocities, headings. A picture's perspective, which over ground known to
be level would tell the tilt itself, is not among it.
"""

import math
from dataclasses import dataclass

import numpy as np

SETTLED_S = 2.0  # a position is given from then on


@dataclass(frozen=True, kw_only=True)
class Noises:
    """One standard deviation of each axis; `_s` is how long an error lasts (Gauss-Markov)."""

    attitude_m: float  # height times the error of roll and of pitch
    attitude_s: float
    velocity_m_s: float
    velocity_s: float
    frame_m: float  # the frame's own error, new with each


def step_of(noises: Noises, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Return transition and noise (6, 6) of (position, velocity's error, attitude's error)."""
    keep = math.exp(-seconds / noises.velocity_s)
    lean = math.exp(-seconds / noises.attitude_s)
    step = np.diag([1.0, 1.0, keep, keep, lean, lean])
    step[0, 2] = step[1, 3] = noises.velocity_s * (1 - keep)
    fresh = noises.velocity_m_s**2 * (1 - keep**2)
    noise = np.diag(np.repeat([fresh * seconds**2 / 3, fresh, 0.0], 2))
    noise[0, 2] = noise[2, 0] = noise[1, 3] = noise[3, 1] = fresh * seconds / 2
    noise[4, 4] = noise[5, 5] = noises.attitude_m**2 * (1 - lean**2)
    return step, noise


def least_cov_m2(headings_deg: np.ndarray, gap_s: float, noises: Noises) -> np.ndarray:
    """Return (n, 2, 2), the least covariance of the position at each of n frames, gap_s apart."""
    cov = np.diag(
        [1e6, 1e6, *[noises.velocity_m_s**2] * 2, *[noises.attitude_m**2] * 2],
    )
    step, noise = step_of(noises, gap_s)
    own = noises.frame_m**2 * np.eye(2)
    out = np.empty((len(headings_deg), 2, 2))
    for i, heading in enumerate(np.radians(headings_deg)):
        if i:
            cov = step @ cov @ step.T + noise
        turn = [[math.cos(heading), math.sin(heading)], [-math.sin(heading), math.cos(heading)]]
        shows = np.hstack([np.eye(2), np.zeros((2, 2)), turn])
        gain = np.linalg.solve(shows @ cov @ shows.T + own, shows @ cov).T
        keep = np.eye(6) - gain @ shows
        cov = keep @ cov @ keep.T + gain @ own @ gain.T
        out[i] = cov[:2, :2]
    return out


def p95_m(cov_m2: np.ndarray, seed: int = 0, draws: int = 200) -> float:
    """Return the 95 % of the length of errors drawn from covariances (n, 2, 2)."""
    rng = np.random.default_rng(seed)
    drawn = np.linalg.cholesky(cov_m2) @ rng.standard_normal((len(cov_m2), 2, draws))
    return float(np.percentile(np.hypot(drawn[:, 0], drawn[:, 1]), 95))


def frame_and_least_p95_m(
    headings_deg: np.ndarray, gap_s: float, noises: Noises
) -> tuple[float, float]:
    """Return the 95 % error of each frame alone, and the least that any tracker can have."""
    alone = (noises.attitude_m**2 + noises.frame_m**2) * np.eye(2)[None]
    settled = least_cov_m2(headings_deg, gap_s, noises)[round(SETTLED_S / gap_s) :]
    return p95_m(alone, draws=200_000), p95_m(settled)
