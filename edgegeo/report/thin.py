"""How a long flight is thinned out for a page: evenly, but time lines keep what is worst."""

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

POINTS = 1500  # of a time line, and of a track


def evenly(count: int, most: int) -> I64:
    """Return at most `most` indices below `count`, evenly spread, first and last among them.

    >>> evenly(9, 3).tolist(), evenly(2, 3).tolist()
    ([0, 4, 8], [0, 1])
    """
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))


def worst(time_s: F64, value: F64, *, low_is_worse: bool = False, most: int = POINTS) -> I64:
    """Return the index of the worst value in each of `most` equal spans of time.

    All indices where there are no more; values that are not finite are left out.

    >>> worst(np.arange(6.0), np.array([1.0, 9.0, 2.0, np.nan, 3.0, 3.0]), most=2).tolist()
    [1, 4]
    """
    known = np.flatnonzero(np.isfinite(value))
    if len(known) <= most:
        return known
    t = time_s[known]
    span = np.minimum((most * (t - t[0]) / max(t[-1] - t[0], 1e-9)).astype(np.int64), most - 1)
    badness = value[known] if low_is_worse else -value[known]
    order = np.lexsort((badness, span))
    first = np.flatnonzero(np.diff(span[order], prepend=-1))
    return np.asarray(known[order[first]], np.int64)
