"""Intervals and differences that respect that frames of one place are not independent."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgegeo.errors import ShapeError

REPEATS = 4000


class Interval(NamedTuple):
    low: float
    high: float


class Difference(NamedTuple):
    mean: float
    low: float
    high: float
    p: float  # two-sided


def _block_sums(
    values: ArrayLike, blocks: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = np.asarray(values, np.float64)
    if x.ndim != 1 or len(x) != len(blocks) or not len(x):
        raise ShapeError.of("values", f"({len(blocks)},) and not empty", x.shape)
    numbers: dict[Hashable, int] = {}
    ids = np.array([numbers.setdefault(block, len(numbers)) for block in blocks])
    return np.bincount(ids, x).astype(np.float64), np.bincount(ids).astype(np.float64)


def _resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    rng = np.random.default_rng([seed, 2])
    drawn = rng.integers(0, len(sums), (REPEATS, len(sums)))
    return np.asarray(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), np.float64)


def interval_of_rate(
    flags: ArrayLike, blocks: Sequence[Hashable], *, seed: int = 0, level: float = 0.95
) -> Interval:
    """Return the percentile interval of the mean of 0/1 `flags`, drawing whole blocks.

    Where every frame agrees the bootstrap has nothing to resample and would give no width;
    the exact binomial interval with one trial a block stands in: 0 of 90 places is
    [0, 0.04].

    >>> low, high = interval_of_rate([1, 1, 1, 1], "aabb")
    >>> round(low, 3), high
    (0.158, 1.0)
    """
    sums, counts = _block_sums(flags, blocks)
    tail = (1 - level) / 2
    if sums.sum() in (0, counts.sum()):
        edge = tail ** (1 / len(sums))
        return Interval(0.0, 1 - edge) if sums.sum() == 0 else Interval(edge, 1.0)
    if len(sums) == 1:
        return Interval(0.0, 1.0)
    low, high = np.quantile(_resampled_means(sums, counts, seed), [tail, 1 - tail])
    return Interval(float(low), float(high))


def paired_difference(
    after: ArrayLike, before: ArrayLike, blocks: Sequence[Hashable], *, seed: int = 0
) -> Difference:
    """Return the mean of `after - before` over the same frames, its 95 % interval and p.

    p is twice the share of resamples on the far side of zero, ties counted, at least
    2 / (REPEATS + 1).
    """
    after, before = np.asarray(after, np.float64), np.asarray(before, np.float64)
    if after.shape != before.shape:
        raise ShapeError.of("after", f"{before.shape} as before", after.shape)
    sums, counts = _block_sums(after - before, blocks)
    means = _resampled_means(sums, counts, seed)
    far = min(int((means <= 0).sum()), int((means >= 0).sum()))
    low, high = np.quantile(means, [0.025, 0.975])
    p = min(1.0, 2 * (far + 1) / (REPEATS + 1))
    return Difference(float(sums.sum() / counts.sum()), float(low), float(high), p)
