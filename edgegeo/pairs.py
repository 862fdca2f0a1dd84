"""Gather the stored tokens of candidates into one batch for the ranker."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo import _core
from edgegeo.errors import ShapeError


def gather(
    tokens: NDArray[np.int8],
    scales: NDArray[np.float32],
    ids: NDArray[np.int32],
    *,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return the dequantised tokens of `k` tiles, contiguous, in the order of `ids`.

    Args:
        tokens: (n, t, c) int8 as stored in the gallery; may be memory-mapped read-only.
        scales: (n,) float32, what one unit of a tile's tokens is worth.
        ids: (k,) int32 rows of `tokens`, repeats allowed. One that is not in [0, n) is an
            IndexError: drop the -1 that a search pads with before.
        out: (k, t, c) float32 to write into and return, or None for a new array.

    >>> tokens = np.array([[[1, 2]], [[3, -4]]], np.int8)
    >>> gather(tokens, np.array([1.0, 0.5], np.float32), np.array([1], np.int32))
    array([[[ 1.5, -2. ]]], dtype=float32)
    """
    if tokens.ndim != 3 or tokens.dtype != np.int8:
        raise ShapeError.of("tokens", "(n, t, c) int8", _layout(tokens))
    if scales.shape != tokens.shape[:1] or scales.dtype != np.float32:
        raise ShapeError.of("scales", f"({len(tokens)},) float32", _layout(scales))
    if ids.ndim != 1 or ids.dtype != np.int32:
        raise ShapeError.of("ids", "(k,) int32", _layout(ids))
    batch = (len(ids), *tokens.shape[1:])
    if out is not None and (out.shape != batch or out.dtype != np.float32):
        raise ShapeError.of("out", f"{batch} float32", _layout(out))
    return _core.gather_pairs(tokens, scales, ids, out)


def _layout(array: NDArray[Any]) -> str:
    return f"{array.shape} {array.dtype}"
