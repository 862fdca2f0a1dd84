"""Find the map tiles that look most like a frame."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgegeo import _core
from edgegeo._core import Pool as Pool
from edgegeo.errors import RangeError, ShapeError

_ROW_TYPES = (np.float32, np.float16, np.int8)
WIDEST_INT8 = 2**17 - 1  # the sum of products of int8 fits int32


class Matches(NamedTuple):
    ids: NDArray[np.int32]  # (q, k) row into the gallery, best first; -1 where there was none
    scores: NDArray[np.float32]  # (q, k) inner product, descending; -inf where there was none


class GroupMatches(NamedTuple):
    ids: NDArray[np.int32]  # (g, k) as in Matches
    scores: NDArray[np.float32]  # (g, k) the best inner product with any query of the group
    queries: NDArray[np.int32]  # (g, k) which query that was; -1 where there was no row


def top_k(
    queries: NDArray[np.float32] | NDArray[np.int8],
    gallery: NDArray[Any],
    k: int,
    *,
    scales: NDArray[np.float32] | None = None,
    query_scales: NDArray[np.float32] | None = None,
    ranges: NDArray[np.int64] | None = None,
    bitmap: NDArray[np.uint8] | None = None,
    pool: Pool | None = None,
) -> Matches:
    """Return the `k` gallery rows closest to each query.

    Args:
        queries: (q, d) float32, unit rows; or int8 against an int8 gallery, the faster way for
            many queries (`quantise_rows` makes them).
        gallery: (n, d) float32, float16 or int8 rows; may be memory-mapped read-only.
        k: matches per query, 1 <= k <= n.
        scales: (n,) float32, what one unit of an int8 row is worth; int8 rows need it.
        query_scales: (q,) float32, the same of int8 queries; they need it, float32 ones have none.
        ranges: (m, 2) int64 rows [start, stop) to search, ascending and disjoint: a prior
            circle. All rows when None.
        bitmap: (ceil(n / 8),) uint8, of the ranges only rows whose bit is set, such as
            `np.packbits(wanted, bitorder="little")`: row i is bit i % 8, from the lowest, of byte
            i // 8. Rows that lie apart cost several times as much as those of a range.
        pool: threads that share the work, `Pool(2)`; this one alone when None.

    Exact search, no index: one pass over the rows asked for, bound by memory bandwidth. Ties
    go to the lower id. A row whose score is NaN comes after every finite one, with -inf.
    Where there are fewer than `k` rows to search the tail is id -1, score -inf. Nothing is copied:
    an array of another dtype or layout is a ShapeError from here, a TypeError from the kernel.
    The sums of int8 queries are integers: the same scores on every CPU. How many threads there
    are changes nothing in the result.

    >>> gallery = np.eye(3, dtype=np.float32)
    >>> top_k(gallery[:1], gallery, k=2).ids
    array([[0, 1]], dtype=int32)
    >>> top_k(gallery[:1], gallery, k=2, ranges=np.array([[2, 3]])).ids
    array([[ 2, -1]], dtype=int32)
    """
    check(queries, gallery, k, scales, query_scales)
    check_rows(ranges, bitmap, len(gallery))
    found = _core.top_k(
        queries,
        gallery,
        k,
        scales,
        ranges,
        query_scales=query_scales,
        bitmap=bitmap,
        pool=pool,
    )
    return Matches(*found)


def top_k_of_groups(
    queries: NDArray[np.float32] | NDArray[np.int8],
    ends: NDArray[np.int64],
    gallery: NDArray[Any],
    k: int,
    *,
    scales: NDArray[np.float32] | None = None,
    query_scales: NDArray[np.float32] | None = None,
    ranges: NDArray[np.int64] | None = None,
    bitmap: NDArray[np.uint8] | None = None,
    pool: Pool | None = None,
) -> GroupMatches:
    """Return the `k` gallery rows closest to any query of each group, each row once.

    Args:
        ends: (g,) int64, where each group of queries ends: the first one is queries[:ends[0]],
            the next queries[ends[0]:ends[1]]. Ascending, none empty, the last one is q.

    The rest as for `top_k`. Among queries of a group that score a row alike the first counts.

    >>> gallery = np.eye(3, dtype=np.float32)
    >>> found = top_k_of_groups(gallery, np.array([2, 3]), gallery, k=2)
    >>> found.ids.tolist(), found.queries.tolist()
    ([[0, 1], [2, 0]], [[0, 1], [2, 2]])
    """
    check(queries, gallery, k, scales, query_scales)
    check_rows(ranges, bitmap, len(gallery))
    if ends.ndim != 1 or ends.dtype != np.int64:
        raise ShapeError.of("ends", "(g,) int64", layout(ends))
    if not np.array_equal(ends[-1:], [len(queries)]) or bool(np.any(np.diff(ends, prepend=0) < 1)):
        raise RangeError.of("ends", f"ascending, up to {len(queries)}, no group empty", ends)
    found = _core.top_k(
        queries,
        gallery,
        k,
        scales,
        ranges,
        query_scales=query_scales,
        groups=ends,
        bitmap=bitmap,
        pool=pool,
    )
    return GroupMatches(*found)


def quantise_rows(x: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return (int8 like x, (n,) float32 scales): x is near q * scale, to half a step.

    `x` is (n, ...), one scale for all that `x[i]` holds: its largest magnitude over 127, so
    nothing is clipped; a row of zeros gets scale 1, one with a value that is not finite becomes
    zeros of scale NaN.

    >>> q, scales = quantise_rows(np.array([[254.0, -127.0, 0.0]], np.float32))
    >>> q.tolist(), scales.tolist()
    ([[127, -64, 0]], [2.0])
    """
    rows = np.ascontiguousarray(x, np.float32)
    q, scales = _core.quantise_rows(rows.reshape(len(rows), math.prod(rows.shape[1:])))
    return q.reshape(x.shape), scales


def check(
    queries: NDArray[np.float32] | NDArray[np.int8],
    gallery: NDArray[Any],
    k: int,
    scales: NDArray[np.float32] | None = None,
    query_scales: NDArray[np.float32] | None = None,
) -> None:
    """Raise ShapeError or RangeError for what `top_k` would not take."""
    if gallery.ndim != 2 or gallery.dtype not in _ROW_TYPES:
        raise ShapeError.of("gallery", "(n, d) float32, float16 or int8", layout(gallery))
    n, d = gallery.shape
    _check_queries(queries, query_scales, d, gallery.dtype == np.int8)
    if gallery.dtype == np.int8 and scales is None:
        raise ShapeError.of("scales", f"({n},) float32 for an int8 gallery", None)
    if scales is not None and (scales.shape != (n,) or scales.dtype != np.float32):
        raise ShapeError.of("scales", f"({n},) float32", layout(scales))
    if not 1 <= k <= n:
        raise RangeError.of("k", f"in [1, {n}]", k)


def _check_queries(
    queries: NDArray[np.float32] | NDArray[np.int8],
    query_scales: NDArray[np.float32] | None,
    d: int,
    int8_rows: bool,
) -> None:
    wanted = f"(q, {d}) float32" + (" or int8" if int8_rows else "")
    int8 = int8_rows and queries.dtype == np.int8
    if queries.ndim != 2 or queries.shape[1] != d or not (int8 or queries.dtype == np.float32):
        raise ShapeError.of("queries", wanted, layout(queries))
    if int8 and d > WIDEST_INT8:
        raise ShapeError.of("queries", f"at most {WIDEST_INT8} wide as int8", d)
    if not int8 and query_scales is not None:
        raise ShapeError.of("query_scales", "None for float32 queries", layout(query_scales))
    if int8 and query_scales is None:
        raise ShapeError.of("query_scales", f"({len(queries)},) float32 for int8 queries", None)
    if query_scales is not None and (
        query_scales.shape != queries.shape[:1] or query_scales.dtype != np.float32
    ):
        raise ShapeError.of("query_scales", f"({len(queries)},) float32", layout(query_scales))


def check_rows(ranges: NDArray[np.int64] | None, bitmap: NDArray[np.uint8] | None, n: int) -> None:
    """Raise ShapeError or RangeError for what does not choose among `n` rows."""
    if ranges is not None:
        _check_ranges(ranges, n)
    wanted = (n + 7) // 8
    if bitmap is not None and (bitmap.shape != (wanted,) or bitmap.dtype != np.uint8):
        raise ShapeError.of("bitmap", f"({wanted},) uint8, a bit a row", layout(bitmap))


def _check_ranges(ranges: NDArray[np.int64], n: int) -> None:
    if ranges.ndim != 2 or ranges.shape[1] != 2 or ranges.dtype != np.int64:
        raise ShapeError.of("ranges", "(m, 2) int64", layout(ranges))
    bounds = ranges.ravel()
    if len(bounds) and (bounds[0] < 0 or bounds[-1] > n or bool(np.any(np.diff(bounds) < 0))):
        raise RangeError.of("ranges", f"ascending, disjoint and within [0, {n}]", ranges.tolist())


def layout(array: NDArray[Any]) -> str:
    return f"{array.shape} {array.dtype}"
