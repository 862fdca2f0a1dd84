"""The compiled kernels. Each is described by its header under csrc/."""

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

TARGETS: tuple[str, ...]  # instruction sets this CPU can run, best last; the default is the last

class Pool:  # threads that a kernel may share its work with
    def __init__(self, threads: int) -> None: ...
    @property
    def threads(self) -> int: ...

@overload
def top_k(
    queries: NDArray[np.float32] | NDArray[np.int8],  # (q, d); int8 only against int8 rows
    gallery: NDArray[Any],  # (n, d) float32, float16 or int8
    k: int,
    scales: NDArray[np.float32] | None = None,  # (n,), needed by int8
    ranges: NDArray[np.int64] | None = None,  # (m, 2) [start, stop), ascending, disjoint
    target: str | None = None,
    query_scales: NDArray[np.float32] | None = None,  # (q,), int8 queries have them, no other
    groups: None = None,
    bitmap: NDArray[np.uint8] | None = None,  # (ceil(n / 8),), the lowest bit first
    pool: Pool | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...  # ids (q, k), scores (q, k)
@overload
def top_k(
    queries: NDArray[np.float32] | NDArray[np.int8],
    gallery: NDArray[Any],
    k: int,
    scales: NDArray[np.float32] | None = None,
    ranges: NDArray[np.int64] | None = None,
    target: str | None = None,
    query_scales: NDArray[np.float32] | None = None,
    *,
    groups: NDArray[np.int64],  # (g,) where each group of queries ends, the last one at q
    bitmap: NDArray[np.uint8] | None = None,
    pool: Pool | None = None,
) -> tuple[
    NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]
]: ...  # ids (g, k), scores (g, k), queries (g, k)
def quantise_rows(
    rows: NDArray[np.float32],  # (n, d)
) -> tuple[NDArray[np.int8], NDArray[np.float32]]: ...  # (n, d), scales (n,)
def certified_top_k(
    queries: NDArray[np.float32],  # (q, d)
    gallery: NDArray[Any],  # (n, d) float32 or float16
    coarse: NDArray[np.int8],  # (n, d)
    scales: NDArray[np.float32],  # (n,)
    bounds: NDArray[np.float32],  # (n, 2): norm of the coarse row's error, norm of the row
    k: int,
    ranges: NDArray[np.int64] | None = None,
    bitmap: NDArray[np.uint8] | None = None,
    pool: Pool | None = None,
    target: str | None = None,
) -> tuple[
    NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]
]: ...  # ids (q, k), scores (q, k), rows rescored (q,)
def rescore(
    queries: NDArray[np.float32],  # (q, d)
    gallery: NDArray[Any],  # (n, d) float32 or float16
    rows: NDArray[np.int32],  # (q, m), -1 is none
    k: int,
    pool: Pool | None = None,
    target: str | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...  # ids (q, k), scores (q, k)
@overload
def rectify(
    frame: NDArray[np.uint8],  # (h, w, 3)
    homographies: NDArray[np.float64],  # (r, 3, 3), tile pixel -> frame pixel
    size: int,
    bgr: bool = True,
    target: str | None = None,
    half: Literal[False] = False,
    pool: Pool | None = None,
) -> NDArray[np.float32]: ...  # (r, 4, size, size): R, G, B, coverage
@overload
def rectify(
    frame: NDArray[np.uint8],
    homographies: NDArray[np.float64],
    size: int,
    bgr: bool = True,
    target: str | None = None,
    *,
    half: Literal[True],
    pool: Pool | None = None,
) -> NDArray[np.float16]: ...
def gather_pairs(
    tokens: NDArray[np.int8],  # (n, t, c)
    scales: NDArray[np.float32],  # (n,)
    ids: NDArray[np.int32],  # (k,)
    out: NDArray[Any] | None = None,  # (k, t, c)
    target: str | None = None,
    half: bool = False,
    pool: Pool | None = None,
) -> NDArray[Any]: ...  # (k, t, c) float32, or float16 with half
def prefetch_rows(
    tokens: NDArray[np.int8],  # (n, t, c)
    ids: NDArray[np.int32],  # (k,)
) -> None: ...
def relate(
    grids: NDArray[np.int8],  # (q, t, c)
    grid_scales: NDArray[np.float32],  # (q,)
    copies: int,
    firsts: NDArray[np.int32],  # (k,) candidate j meets grids[firsts[j] : firsts[j] + copies]
    tokens: NDArray[np.int8],  # (n, t, c)
    scales: NDArray[np.float32],  # (n,)
    ids: NDArray[np.int32],  # (k,)
    reach: int,
    power: float,
    keep: int,  # 0: every copy at every shift
    pool: Pool | None = None,
    volume: bool = False,
    target: str | None = None,
) -> tuple[Any, ...]: ...  # score (k,), copy (k,), shift (k, 2); cosine, overlap (k, s, s)
def turn_tokens(
    tokens: NDArray[np.float32],  # (r, t, c)
    taps: NDArray[np.int32],  # (m, 4), t for "outside"
    weights: NDArray[np.int16],  # (m, 4) of 2^14
    pool: Pool | None = None,
    target: str | None = None,
) -> tuple[NDArray[np.int8], NDArray[np.float32]]: ...  # (r, m, c), scales (r,)
