"""Gather the stored tokens of candidates into one batch for the ranker."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edgegeo import _core
from edgegeo.errors import ShapeError


def gather(
    tokens: NDArray[np.int8],
    scales: NDArray[np.float32],
    ids: NDArray[np.int32],
    *,
    dtype: DTypeLike = np.float32,
    out: NDArray[Any] | None = None,
    pool: _core.Pool | None = None,
) -> NDArray[Any]:
    """Return the dequantised tokens of `k` tiles, contiguous, in the order of `ids`.

    Args:
        tokens: (n, t, c) int8 as stored in the gallery; may be memory-mapped read-only.
        scales: (n,) float32, what one unit of a tile's tokens is worth.
        ids: (k,) int32 rows of `tokens`, repeats allowed. One that is not in [0, n) is an
            IndexError: drop the -1 that a search pads with before.
        dtype: float32, or float16 for a network that takes halves: to the nearest.
        out: (k, t, c) of that dtype to write into and return, or None for a new array.
        pool: threads that share the work; this one alone when None.

    >>> tokens = np.array([[[1, 2]], [[3, -4]]], np.int8)
    >>> gather(tokens, np.array([1.0, 0.5], np.float32), np.array([1], np.int32))
    array([[[ 1.5, -2. ]]], dtype=float32)
    """
    _check(tokens, ids)
    if scales.shape != tokens.shape[:1] or scales.dtype != np.float32:
        raise ShapeError.of("scales", f"({len(tokens)},) float32", _layout(scales))
    wanted = np.dtype(dtype)
    if wanted not in (np.float32, np.float16):
        raise ShapeError.of("dtype", "float32 or float16", wanted)
    batch = (len(ids), *tokens.shape[1:])
    if out is not None and (out.shape != batch or out.dtype != wanted):
        raise ShapeError.of("out", f"{batch} {wanted}", _layout(out))
    half = bool(wanted == np.float16)
    return _core.gather_pairs(tokens, scales, ids, out, half=half, pool=pool)


def prefetch(tokens: NDArray[np.int8], ids: NDArray[np.int32]) -> None:
    """Have the system read rows of a memory-mapped gallery, and do not wait for them.

    Args:
        tokens: (n, t, c) int8, memory-mapped; nothing happens where it is not, or where the
            system is not Linux.
        ids: (k,) int32 rows that will be gathered or related soon.

    All rows are asked for at once, where `gather` alone waits for one after the other.
    """
    _check(tokens, ids)
    _core.prefetch_rows(tokens, ids)


def _check(tokens: NDArray[np.int8], ids: NDArray[np.int32]) -> None:
    if tokens.ndim != 3 or tokens.dtype != np.int8:
        raise ShapeError.of("tokens", "(n, t, c) int8", _layout(tokens))
    if ids.ndim != 1 or ids.dtype != np.int32:
        raise ShapeError.of("ids", "(k,) int32", _layout(ids))


def _layout(array: NDArray[Any]) -> str:
    return f"{array.shape} {array.dtype}"
