"""The kernels again, slow and plain, in float64 NumPy. What each must give is in its header."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def top_k(
    queries: Array,
    gallery: Array,
    k: int,
    scales: Array | None = None,
    ranges: Array | None = None,
) -> tuple[Array, Array]:
    """ids (q, k) and float64 scores (q, k); the lower id first on a tie, -1 and -inf as padding."""
    scores = queries.astype(np.float64) @ gallery.astype(np.float64).T
    if scales is not None:
        scores = scores * scales
    return best_of(scores, k, ranges)


def top_k_int8(
    queries: Array,
    query_scales: Array,
    gallery: Array,
    k: int,
    scales: Array,
    ranges: Array | None = None,
) -> tuple[Array, Array]:
    """As `top_k`, with the three roundings to float32 that the header has: equal to the bit."""
    return best_of(scores_int8(queries, query_scales, gallery, scales), k, ranges)


def scores_int8(queries: Array, query_scales: Array, gallery: Array, scales: Array) -> Array:
    dots = queries.astype(np.int64) @ gallery.astype(np.int64).T
    return scales * (query_scales[:, None] * dots.astype(np.float32))


def best_of(scores: Array, k: int, ranges: Array | None) -> tuple[Array, Array]:
    scores = np.where(np.isnan(scores), -np.inf, scores)
    bounds = [(0, scores.shape[1])] if ranges is None else ranges
    rows = np.concatenate([np.arange(0), *(np.arange(start, stop) for start, stop in bounds)])
    ids = np.full((len(scores), k), -1)
    best = np.full((len(scores), k), -np.inf)
    for q, row_scores in enumerate(scores[:, rows.astype(int)]):
        order = np.argsort(-row_scores, kind="stable")[:k]
        ids[q, : len(order)] = rows[order]
        best[q, : len(order)] = row_scores[order]
    return ids, best


def gather_pairs(tokens: Array, scales: Array, ids: Array) -> Array:
    return (scales[ids, None, None] * tokens[ids].astype(np.float32)).astype(np.float32)


def rectify(frame: Array, homographies: Array, size: int, bgr: bool = True) -> Array:
    """(r, 4, size, size) float64, by the rules under "Shrink" and "Coverage" in rectify.h."""
    cell = cell_side(homographies, size)
    plane = average_cells(frame.astype(np.float64), cell)
    out = [render(plane, frame.shape[:2], cell, one, size) for one in homographies]
    planes = np.array(out).reshape(-1, 4, size, size)
    return planes[:, [2, 1, 0, 3]] if bgr else planes


def cell_side(homographies: Array, size: int) -> int:
    centre = (size - 1) / 2
    areas = [abs(np.linalg.det(jacobian(one, centre, centre))) for one in homographies]
    return max(1, int(np.sqrt(min(areas)) / 2.25 + 0.5))


def taps_a_side(homography: Array, size: int, cell: int) -> int:
    last = size - 1
    places = [(last / 2, last / 2), (0, 0), (0, last), (last, 0), (last, last)]
    longest = max(np.linalg.norm(jacobian(homography, u, v), axis=0).max() for u, v in places)
    return int(np.clip(np.ceil(longest / cell - 0.35), 1, 16))


def jacobian(homography: Array, u: float, v: float) -> Array:
    x, y, w = homography @ (u, v, 1)
    return (homography[:2, :2] - np.outer((x / w, y / w), homography[2, :2])) / w


def average_cells(frame: Array, cell: int) -> Array:
    """Means of cell x cell pixels; the last row and column average what the edge leaves."""
    for axis in (0, 1):
        starts = np.arange(0, frame.shape[axis], cell)
        counts = np.diff(np.append(starts, frame.shape[axis]))
        sums = np.add.reduceat(frame, starts, axis=axis)
        frame = sums / counts.reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    return frame


def render(plane: Array, shape_hw: tuple[int, ...], cell: int, homography: Array, size: int) -> Any:
    n = taps_a_side(homography, size, cell)
    at = (np.arange(size * n) + 0.5) / n - 0.5  # every tap's place along one side of the tile
    v, u = np.meshgrid(at, at, indexing="ij")
    x, y, w = np.einsum("ij,jvu->ivu", homography, np.stack([u, v, np.ones_like(u)]))
    x, y = x / np.where(w > 0, w, np.nan), y / np.where(w > 0, w, np.nan)
    height, width = shape_hw
    with np.errstate(invalid="ignore"):
        inside = (w > 0) & (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    values = bilinear(plane, (x + 0.5) / cell - 0.5, (y + 0.5) / cell - 0.5) * inside[..., None]

    def pool(taps: Array) -> Array:
        return taps.reshape(size, n, size, n, -1).sum(axis=(1, 3))

    count = pool(inside[..., None])
    mean = pool(values) / np.maximum(count, 1)
    colours = np.where(count > 0, (mean / 255 - 0.5) / 0.25, 0)
    return np.concatenate([colours, count / n**2], axis=2).transpose(2, 0, 1)


def bilinear(plane: Array, x: Array, y: Array) -> Array:
    rows, cols = plane.shape[:2]
    x, y = np.clip(np.nan_to_num(x), 0, cols - 1), np.clip(np.nan_to_num(y), 0, rows - 1)
    col, row = x.astype(int), y.astype(int)
    right, below = np.minimum(col + 1, cols - 1), np.minimum(row + 1, rows - 1)
    fx, fy = (x - col)[..., None], (y - row)[..., None]
    upper = plane[row, col] * (1 - fx) + plane[row, right] * fx
    lower = plane[below, col] * (1 - fx) + plane[below, right] * fx
    return upper * (1 - fy) + lower * fy


def correlation(query: Array, candidate: Array, reach: int) -> tuple[Array, Array]:
    """cosine and overlap (s, s) of one grid (g, g, c) on another, as relate.h says."""
    q, k = query.astype(np.float64), candidate.astype(np.float64)
    side, count = len(q), 2 * reach + 1
    cosine, overlap = np.zeros((count, count)), np.zeros((count, count))
    size = np.sqrt(np.square(q).sum() * np.square(k).sum())
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            products = lengths = 0.0
            for y in range(max(0, -dy), min(side, side - dy)):
                for x in range(max(0, -dx), min(side, side - dx)):
                    a, b = q[y, x], k[y + dy, x + dx]
                    products += a @ b
                    lengths += np.sqrt((a @ a) * (b @ b))
            cosine[dy + reach, dx + reach] = products / (lengths + 1e-3)
            overlap[dy + reach, dx + reach] = min(1.0, lengths / (size + 1e-3))
    return cosine, overlap


def turn_tokens(tokens: Array, taps: Array, weights: Array) -> tuple[Array, Array]:
    """float64 (r, m, c) weighted means of tokens (r, t, c), and the scale of each grid."""
    padded = np.pad(tokens.astype(np.float64), ((0, 0), (0, 1), (0, 0)))
    scales = np.abs(padded).max((1, 2)) / 127
    return (weights[..., None] / 2**14 * padded[:, taps]).sum(2), np.where(scales > 0, scales, 1)
