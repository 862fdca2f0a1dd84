"""Exact search over embeddings of your own, at the speed of int8."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgegeo import _core, search
from edgegeo.cpus import usable_cpus
from edgegeo.errors import RangeError, ShapeError

AT_ONCE = 4096  # rows quantised together: a few megabytes in float64
LONGEST = 2.0**62  # beyond it sums may overflow, and nothing is proved: see csrc/topk/certified.h
UP = 1 + 2.0**-20  # more than the rounding of a norm in float64, and to float32


class Coarse(NamedTuple):
    rows: NDArray[np.int8]  # (n, d)
    scales: NDArray[np.float32]  # (n,) what one unit of a row is worth
    bounds: NDArray[np.float32]  # (n, 2) no less than the norms of the row's error and of the row


def coarse_rows(rows: NDArray[Any]) -> Coarse:
    """Return int8 rows with a bound of their error, a quarter of the bytes of float32.

    `rows` is (n, d) float32 or float16. A row with a value that is not finite becomes zeros of
    scale NaN; its error, and that of a row longer than 2^62, is infinite.

    >>> coarse = coarse_rows(np.array([[3.0, 4.0]], np.float32))
    >>> coarse.rows.tolist(), coarse.bounds.astype(float).round(3).tolist()
    ([[95, 127]], [[0.008, 5.0]])
    """
    n, d = rows.shape
    found = Coarse(np.empty((n, d), np.int8), np.empty(n, np.float32), np.empty((n, 2), np.float32))
    for start in range(0, n, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        some = np.asarray(rows[part], np.float32)
        found.rows[part], found.scales[part] = search.quantise_rows(some)
        exact = some.astype(np.float64)
        with np.errstate(invalid="ignore"):  # a row that is not finite
            error = exact - found.rows[part] * found.scales[part].astype(np.float64)[:, None]
        norms = UP * np.stack(
            [np.linalg.norm(error, axis=1), np.linalg.norm(exact, axis=1)], axis=1
        )
        norms[~(norms.max(axis=1) <= LONGEST)] = np.inf
        found.bounds[part] = np.nextafter(norms.astype(np.float32), np.float32(np.inf))
    return found


class Index:
    """Rows that are searched again and again, and the threads that search them.

    Args:
        rows: (n, d) float32 or float16, C-contiguous, d < 2^17; not copied, so they may be
            memory-mapped and must not change. Beside them d + 12 bytes a row are kept in memory.
        threads: CPU threads; 0 takes as many as help, see cpus.usable_cpus.

    Raises ShapeError for other rows, RangeError for a negative number of threads.

    >>> index = Index(np.eye(3, dtype=np.float32), threads=1)
    >>> index.search(np.array([[0.1, 0.9, 0.2]], np.float32), k=2).ids
    array([[1, 2]], dtype=int32)
    """

    def __init__(self, rows: NDArray[Any], *, threads: int = 0) -> None:
        of_type = rows.ndim == 2 and rows.dtype in (np.float32, np.float16)
        if (
            not of_type
            or not rows.flags.c_contiguous
            or not 1 <= rows.shape[1] <= search.WIDEST_INT8
        ):
            wanted = f"(n, d) float32 or float16, contiguous, d at most {search.WIDEST_INT8}"
            raise ShapeError.of("rows", wanted, search.layout(rows))
        if threads < 0:
            raise RangeError.of("threads", "0 or more", threads)
        self.rows = rows
        self.coarse = coarse_rows(rows)
        self.pool = search.Pool(threads or usable_cpus())

    def __len__(self) -> int:
        return len(self.rows)

    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        *,
        ranges: NDArray[np.int64] | None = None,
        bitmap: NDArray[np.uint8] | None = None,
        certified: bool = True,
    ) -> search.Matches:
        """Return the `k` rows with the largest inner product with each query.

        Args:
            queries: (q, d) float32.
            k: matches per query, 1 <= k <= n.
            ranges, bitmap: the rows to search, as for `search.top_k`.
            certified: the int8 rows are searched first; with the bounds of their error that proves
                which rows can still be among the best, and these are scored in full: ids and
                scores are those of `search.top_k(queries, rows, k)`, to the bit, always. Else the
                best 4 k of the int8 search are scored in full: a little faster, nearly always
                the same, and queries must be finite.

        Raises ShapeError and RangeError as `search.top_k` does.
        """
        search.check(queries, self.rows, k)
        search.check_rows(ranges, bitmap, len(self))
        if certified:
            ids, scores, _ = _core.certified_top_k(
                queries, self.rows, *self.coarse, k, ranges, bitmap, self.pool
            )
            return search.Matches(ids, scores)
        if not np.isfinite(queries).all():
            raise RangeError.of("queries", "finite unless certified", "a NaN or an infinity")
        int8, scales = search.quantise_rows(queries)
        first = search.top_k(
            int8,
            self.coarse.rows,
            min(4 * k, len(self)),
            scales=self.coarse.scales,
            query_scales=scales,
            ranges=ranges,
            bitmap=bitmap,
            pool=self.pool,
        )
        return search.Matches(*_core.rescore(queries, self.rows, first.ids, k, self.pool))
