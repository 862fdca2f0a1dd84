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
    out = []
    for homography in homographies:
        cell, box = grain(homography, size)
        plane = smooth_cells(average_cells(frame.astype(np.float64), cell), box)
        taps = taps_a_side(homography, size, (box + 0.3) * cell)
        out.append(render(plane, frame.shape[:2], cell, homography, size, taps))
    planes = np.array(out).reshape(-1, 4, size, size)
    return planes[:, [2, 1, 0, 3]] if bgr else planes


def grain(homography: Array, size: int) -> tuple[int, float]:
    """Side of a cell in pixels, and of the box over cells."""
    centre = (size - 1) / 2
    shrink = np.sqrt(abs(np.linalg.det(jacobian(homography, centre, centre))))
    shrink = 2 ** (np.round(4 * np.log2(max(shrink, 1))) / 4)
    cell = max(1, int(shrink / 2.2 + 0.5))
    return cell, float(np.clip(shrink / cell - 0.3, 1, 3))


def taps_a_side(homography: Array, size: int, reach: float) -> int:
    last = size - 1
    places = [(last / 2, last / 2), (0, 0), (0, last), (last, 0), (last, last)]
    longest = max(np.linalg.norm(jacobian(homography, u, v), axis=0).max() for u, v in places)
    return int(np.clip(np.ceil(longest / reach - 0.35), 1, 16))


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


def smooth_cells(plane: Array, box: float) -> Array:
    """Means over box x box cells, 1 <= box <= 3; beyond the edge lies a copy of the last cell."""
    share = (box - 1) / box
    for axis in (0, 1):
        padded = np.pad(plane, [(int(axis == i), int(axis == i)) for i in range(3)], mode="edge")
        before, after = (
            padded.take(range(plane.shape[axis]), axis),
            padded.take(range(2, plane.shape[axis] + 2), axis),
        )
        plane = (1 - share) * plane + share * (before + after) / 2
    return plane


def render(
    plane: Array, shape_hw: tuple[int, ...], cell: int, homography: Array, size: int, taps: int
) -> Any:
    x, y, _ = points(homography, centres(size, taps))
    values = bilinear(plane, (x + 0.5) / cell - 0.5, (y + 0.5) / cell - 0.5)
    colours = (mean_of(values, taps) / 255 - 0.5) / 0.25
    covered = coverage(shape_hw, homography, size)[..., None]
    return np.concatenate([colours * (covered > 0), covered], axis=2).transpose(2, 0, 1)


def coverage(shape_hw: tuple[int, ...], homography: Array, size: int) -> Array:
    """(size, size): 1 with all corners inside, 0 with one at the horizon, else of 4 x 4 points."""
    x, y, w = points(homography, np.arange(size + 1) - 0.5)
    near = w < 1e-6 * max(homography[2] @ ((size - 1) / 2, (size - 1) / 2, 1), 0)
    share = mean_of(inside(shape_hw, *points(homography, centres(size, 4)))[..., None], 4)[..., 0]
    share = np.where(at_corners(inside(shape_hw, x, y, w)).all(axis=0), 1, share)
    return np.where(at_corners(near | (w <= 0)).any(axis=0), 0, share)


def at_corners(lattice: Array) -> Array:
    return np.stack([lattice[:-1, :-1], lattice[:-1, 1:], lattice[1:, :-1], lattice[1:, 1:]])


def centres(size: int, n: int) -> Array:
    """Places along a side of the tile, n a pixel."""
    return (np.arange(size * n) + 0.5) / n - 0.5


def mean_of(values: Array, n: int) -> Array:
    size = len(values) // n
    return np.asarray(values.reshape(size, n, size, n, -1).mean(axis=(1, 3)))


def points(homography: Array, at: Array) -> tuple[Array, Array, Array]:
    """x, y and w where the points of a square lattice on the tile fall."""
    v, u = np.meshgrid(at, at, indexing="ij")
    x, y, w = np.einsum("ij,jvu->ivu", homography, np.stack([u, v, np.ones_like(u)]))
    safe = np.where(w > 0, w, 1)
    return x / safe, y / safe, w


def inside(shape_hw: tuple[int, ...], x: Array, y: Array, w: Array) -> Array:
    slack, (height, width) = 0.001, shape_hw
    across = (x >= -0.5 - slack) & (x <= width - 0.5 + slack)
    return np.asarray((w > 0) & across & (y >= -0.5 - slack) & (y <= height - 0.5 + slack))


def bilinear(plane: Array, x: Array, y: Array) -> Array:
    rows, cols = plane.shape[:2]
    x, y = np.clip(np.nan_to_num(x), 0, cols - 1), np.clip(np.nan_to_num(y), 0, rows - 1)
    col, row = x.astype(int), y.astype(int)
    right, below = np.minimum(col + 1, cols - 1), np.minimum(row + 1, rows - 1)
    fx, fy = (x - col)[..., None], (y - row)[..., None]
    upper = plane[row, col] * (1 - fx) + plane[row, right] * fx
    lower = plane[below, col] * (1 - fx) + plane[below, right] * fx
    return upper * (1 - fy) + lower * fy


def footprint_mean(frame: Array, homography: Array, size: int, rows: Any = None) -> Array:
    """(rows, size, 3): the bilinear frame averaged over 16 x 16 points a pixel, at least two for
    each frame pixel a side: what antialiasing is judged by, whatever the way to it."""
    shrink = np.sqrt(abs(np.linalg.det(jacobian(homography, (size - 1) / 2, (size - 1) / 2))))
    n = max(16, 2 * int(np.ceil(shrink)))
    means = []
    for row in range(size) if rows is None else rows:  # all points at once would not fit
        u, v = np.meshgrid(centres(size, n), row + centres(1, n))
        x, y, w = np.einsum("ij,jvu->ivu", homography, np.stack([u, v, np.ones_like(u)]))
        values = bilinear(frame, x / w, y / w)
        means.append(values.reshape(n, size, n, -1).mean(axis=(0, 2)))
    return np.stack(means)


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
