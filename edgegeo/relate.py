"""Correlate a query's token grids with stored ones: how a frame lies on each candidate tile."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgegeo import _core
from edgegeo.errors import RangeError, ShapeError

# Copies that are looked at in full resolution. Of 1,272 pairs of frames and tiles of another year,
# 15 copies each, the choice was then that of a full search in 0.86 (4: 0.70, 12: 0.92), of those
# that lie on each other in 0.96 (0.85, 0.97): of wrong ones every turn and scale fits as badly.
KEEP = 8
ONE = 2**14  # the sum of four weights

Int8 = NDArray[np.int8]
Float32 = NDArray[np.float32]


class Turned(NamedTuple):
    tokens: Int8  # (r, w, t, c) w copies of each of r token grids
    scales: Float32  # (r,) what one unit of them is worth


class Related(NamedTuple):
    score: Float32  # (k,) cosine * (overlap + 1e-4)^power at the best copy and shift
    copy: NDArray[np.int32]  # (k,) which copy that is
    shift: NDArray[np.int32]  # (k, 2) tokens the query lies (south, east) of the candidate
    cosine: Float32 | None  # (k, s, s) weighted mean cosine of that copy at every shift, or None
    overlap: Float32 | None  # (k, s, s) share of the weights that lie on each other


def turned(
    tokens: Float32,
    turns_deg: tuple[float, ...],
    scales: tuple[float, ...],
    *,
    pool: _core.Pool | None = None,
) -> Turned:
    """Return copies of token grids as if the frame had been turned and magnified.

    Args:
        tokens: (r, t, c) float32, finite, t tokens of a square grid, north row first.
        turns_deg: (w,) clockwise turn of the content.
        scales: (w,) magnification of the content: 1.1 makes everything 10 % larger.
        pool: threads to share the work with (`_core.Pool`).

    Bilinear, 0 outside the grid, as `models.relate.turn_and_scale`; within 0.53 of a unit.

    >>> grid = np.array([[[1.0], [2.0], [3.0], [4.0]]], np.float32)
    >>> turned(grid, (0.0, 90.0), (1.0, 1.0)).tokens[0, :, :, 0].tolist()
    [[32, 64, 95, 127], [95, 32, 127, 64]]
    """
    if tokens.ndim != 3 or tokens.dtype != np.float32:
        raise ShapeError.of("tokens", "(r, t, c) float32", _layout(tokens))
    side = _side(tokens)
    if len(turns_deg) != len(scales) or not turns_deg:
        raise ShapeError.of("scales", f"one for each of {len(turns_deg)} turns", len(scales))
    if not (min(scales) > 0 and np.isfinite(scales).all() and np.isfinite(turns_deg).all()):
        raise RangeError.of("scales and turns_deg", "finite, scales above 0", (scales, turns_deg))
    taps, weights = sampling(tuple(turns_deg), tuple(scales), side)
    grids, units = _core.turn_tokens(tokens, taps, weights, pool)
    return Turned(grids.reshape(len(tokens), len(scales), *tokens.shape[1:]), units)


def relate(
    queries: Turned,
    of: NDArray[np.int32],
    tokens: Int8,
    scales: Float32,
    ids: NDArray[np.int32],
    *,
    reach: int,
    power: float = 0.5,
    keep: int | None = KEEP,
    volume: bool = False,
    pool: _core.Pool | None = None,
) -> Related:
    """Return how each candidate fits its query best: at which copy and shift.

    Args:
        queries: r queries of w copies each.
        of: (k,) int32, which of the r queries candidate j is compared with.
        tokens: (n, t, c) int8 as stored in the gallery; may be memory-mapped read-only. Rows
            are read where they lie, nothing is dequantised.
        scales: (n,) float32, what one unit of a tile's tokens is worth.
        ids: (k,) int32 rows of `tokens`, repeats allowed.
        reach: tokens shifted each way, less than a grid has; s = 2 * reach + 1.
        power: how much the overlap counts. 0 lets two tokens in a corner decide.
        keep: copies that half resolution proposes to full resolution; None looks at all of
            them at full resolution, the reference, at many times the time. Grids of an odd side
            know no half.
        volume: give cosine and overlap at all shifts of the best copy too.
        pool: threads to share the candidates with (`_core.Pool`).

    The cosine is that of `models.relate.correlate`, of the tokens as stored and as `turned`
    rounds them; csrc/relate/relate.h bounds what float sums add. Equal scores go to the lower
    copy, then to the shift further north, then west.
    """
    if tokens.ndim != 3 or tokens.dtype != np.int8:
        raise ShapeError.of("tokens", "(n, t, c) int8", _layout(tokens))
    side = _side(tokens)
    if queries.tokens.ndim != 4 or queries.tokens.dtype != np.int8:
        raise ShapeError.of("queries.tokens", "(r, w, t, c) int8", _layout(queries.tokens))
    r, w = queries.tokens.shape[:2]
    if queries.tokens.shape[2:] != tokens.shape[1:]:
        expected = f"(r, w, {tokens.shape[1]}, {tokens.shape[2]})"
        raise ShapeError.of("queries.tokens", expected, queries.tokens.shape)
    for name, array, shape, dtype in (
        ("queries.scales", queries.scales, (r,), np.float32),
        ("scales", scales, tokens.shape[:1], np.float32),
        ("ids", ids, of.shape, np.int32),
        ("of", of, (of.size,), np.int32),
    ):
        if array.shape != shape or array.dtype != dtype:
            raise ShapeError.of(name, f"{shape} {np.dtype(dtype)}", _layout(array))
    if of.size and not (of.min() >= 0 and of.max() < r):
        raise RangeError.of("of", f"in [0, {r})", of.tolist())
    if not 0 <= reach < side:
        raise RangeError.of("reach", f"in [0, {side})", reach)
    if not (np.isfinite(power) and power >= 0):
        raise RangeError.of("power", "finite, 0 or more", power)
    if keep is not None and keep < 1:
        raise RangeError.of("keep", "1 or more, or None", keep)
    if keep is not None and side % 2:
        raise ShapeError.of("tokens", "a grid of an even side, or keep=None", f"side {side}")
    found = _core.relate(
        queries.tokens.reshape(r * w, *tokens.shape[1:]),
        np.repeat(queries.scales, w),
        w,
        of * np.int32(w),
        tokens,
        scales,
        ids,
        reach,
        power,
        keep or 0,
        pool,
        volume,
    )
    score, copy, shift, *both = found
    return Related(score, copy, shift, *(both or (None, None)))


@lru_cache(maxsize=16)
def sampling(
    turns_deg: tuple[float, ...], scales: tuple[float, ...], side: int
) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """Return where each token of each copy is read: taps (w * t, 4), side^2 for "outside", and
    their weights (w * t, 4) in units of 2^-14, four of them 1.
    """
    at = 2 * (np.arange(side) + 0.5) / side - 1
    y, x = (axis.ravel() for axis in np.meshgrid(at, at, indexing="ij"))
    angle = np.radians(turns_deg)[:, None]
    cos, sin = (f(angle) / np.array(scales)[:, None] for f in (np.cos, np.sin))
    # Where in the source (x east, y south) each place of the copy is read: turned back.
    source = np.stack([-sin * x + cos * y, cos * x + sin * y], -1).reshape(-1, 2)
    place = (source + 1) * side / 2 - 0.5
    corner = np.floor(place)
    share = place - corner
    taps, weights = [], []
    for south, east in ((0, 0), (0, 1), (1, 0), (1, 1)):
        row, column = corner[:, 0] + south, corner[:, 1] + east
        inside = (row >= 0) & (row < side) & (column >= 0) & (column < side)
        taps.append(np.where(inside, row * side + column, side * side))
        weights.append(np.abs(1 - south - share[:, 0]) * np.abs(1 - east - share[:, 1]))
    units = np.rint(ONE * np.stack(weights, 1)).astype(np.int64)
    units[np.arange(len(units)), units.argmax(1)] += ONE - units.sum(1)
    return np.stack(taps, 1).astype(np.int32), units.astype(np.int16)


def _side(tokens: NDArray[Any]) -> int:
    side = int(np.sqrt(tokens.shape[1]) + 0.5)
    if side < 1 or side * side != tokens.shape[1]:
        raise ShapeError.of("tokens", "a square grid of them", f"{tokens.shape[1]} a grid")
    return side


def _layout(array: NDArray[Any]) -> str:
    return f"{array.shape} {array.dtype}"
