"""Each metric once. Pure functions of arrays; a frame without a position errs by infinity."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgegeo.errors import ShapeError

BINS = 10


class Bin(NamedTuple):
    """One row of a reliability table: the frames whose probability lies in [low, high)."""

    low: float
    high: float
    frames: int
    mean_probability: float | None
    share_right: float | None


def recall_at(right: Sequence[Sequence[bool]], k: int) -> float:
    """Return the share of all frames with a right candidate among the first `k`.

    A frame without candidates counts as a miss, never as absent.

    >>> recall_at([[False, True], [True], []], k=1), recall_at([[False, True], [True], []], k=2)
    (0.3333333333333333, 0.6666666666666666)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    return rate([any(list(row)[:k]) for row in right])


def rate(flags: ArrayLike) -> float:
    """Return the share of True; of no frames, 0."""
    x = np.asarray(flags, np.float64)
    return float(x.mean()) if x.size else 0.0


def located_within(errors_m: ArrayLike, accepted: ArrayLike, limit_m: float) -> NDArray[np.bool_]:
    """Return which frames are both accepted and at most `limit_m` off."""
    return np.asarray(accepted, np.bool_) & (np.asarray(errors_m, np.float64) <= limit_m)


def misleading(
    errors_m: ArrayLike, accepted: ArrayLike, limit_m: float = 50.0
) -> NDArray[np.bool_]:
    """Return which frames are accepted and more than `limit_m` off, or off by NaN."""
    near = np.asarray(errors_m, np.float64) <= limit_m
    return np.asarray(np.asarray(accepted, np.bool_) & ~near, np.bool_)


def quantile_m(errors_m: ArrayLike, q: float) -> float | None:
    """Return a quantile of the errors of accepted frames, None where there are none."""
    x = np.asarray(errors_m, np.float64)
    return float(np.quantile(x, q)) if x.size else None


def reliability(probabilities: ArrayLike, right: ArrayLike) -> list[Bin]:
    """Return ten equal bins of probability with the share that was right; 1 is in the last."""
    p, r = np.asarray(probabilities, np.float64), np.asarray(right, np.float64)
    if p.shape != r.shape or p.ndim != 1:
        raise ShapeError.of("right", f"{p.shape} as probabilities", r.shape)
    at = np.clip((p * BINS).astype(np.int64), 0, BINS - 1)
    table = []
    for i in range(BINS):
        held = at == i
        count = int(held.sum())
        mean_p = float(p[held].mean()) if count else None
        share = float(r[held].mean()) if count else None
        table.append(Bin(i / BINS, (i + 1) / BINS, count, mean_p, share))
    return table


def expected_calibration_error(table: Sequence[Bin]) -> float | None:
    """Return the mean gap between probability and share right, weighted by counts."""
    total = sum(row.frames for row in table)
    gaps = [
        row.frames * abs(row.mean_probability - row.share_right)
        for row in table
        if row.mean_probability is not None and row.share_right is not None
    ]
    return sum(gaps) / total if total else None


def mahalanobis(east_m: float, north_m: float, cov_m2: tuple[float, float, float]) -> float:
    """Return how many sigmas an error is away under a covariance (ee, en, nn).

    Infinite under a covariance that is not positive definite.

    >>> mahalanobis(3.0, 4.0, (9.0, 0.0, 4.0)) == 5**0.5
    True
    """
    ee, en, nn = cov_m2
    det = ee * nn - en * en
    if not (ee > 0 and det > 0):
        return float("inf")
    squared = (nn * east_m**2 - 2 * en * east_m * north_m + ee * north_m**2) / det
    return float(np.sqrt(max(squared, 0.0)))


def coverage(sigmas: ArrayLike, limit: float) -> float | None:
    """Return the share of errors inside the ellipse of `limit` sigmas; None of no errors.

    A true 2-D Gaussian gives 1 - exp(-limit^2 / 2): 0.39 at 1, 0.86 at 2.
    """
    x = np.asarray(sigmas, np.float64)
    return float((x <= limit).mean()) if x.size else None
