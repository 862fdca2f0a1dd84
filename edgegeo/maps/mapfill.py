"""Find the untagged fill around a map: one exact colour that comes in from the border."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MIN_SHARE = 0.05  # of the pixels with data, below which a uniform patch is left alone
MIN_BORDER = 0.2  # of the border, which a fill follows and a roof at the edge does not


class Fill(NamedTuple):
    """A fill found in an overview."""

    value: tuple[float, ...]  # what every band holds there
    share: float  # of the pixels that had data
    cells: NDArray[np.bool_]  # (h, w), cells of the overview that the fill reaches


def find_fill(overview: NDArray[np.generic], valid: NDArray[np.bool_]) -> Fill | None:
    """Return the fill of a map, or None.

    overview  (h, w, bands)  raw values, picked and not averaged
    valid     (h, w)         False where the file itself says there is no data

    A fill is one exact value, holds over 5 % of the valid pixels, and comes in from a fifth of
    the border or more; a lake or a roof of one colour inside the map or at its edge is not one.
    """
    border = _ring(valid.shape)
    seen = overview[border & valid]
    if len(seen) == 0:
        return None
    values, counts = np.unique(seen, axis=0, return_counts=True)
    value = values[counts.argmax()]
    same = valid & (overview == value).all(axis=2)
    if same.sum() < MIN_SHARE * valid.sum():
        return None
    cells = flood(same, border & same)
    share = float(cells.sum() / valid.sum())
    if share < MIN_SHARE or (cells & border).sum() < MIN_BORDER * border.sum():
        return None
    return Fill(tuple(float(v) for v in value), share, cells)


def flood(open_cells: NDArray[np.bool_], start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the open cells (h, w) that 4-connected steps reach from `start`."""
    reached = start & open_cells
    while True:
        before = int(reached.sum())
        reached = _along_rows(open_cells, reached)
        reached = _along_rows(open_cells.T, reached.T).T
        if int(reached.sum()) == before:
            return np.asarray(reached, np.bool_)


def grow(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells and their eight neighbours."""
    padded = np.pad(cells, 1)
    tall = padded[:-2] | padded[1:-1] | padded[2:]
    return np.asarray(tall[:, :-2] | tall[:, 1:-1] | tall[:, 2:], np.bool_)


def _along_rows(open_cells: NDArray[np.bool_], reached: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Spread to the whole of every run of open cells in a row that holds a reached one."""
    h, w = open_cells.shape
    walled = np.zeros((h, w + 1), bool)
    walled[:, :w] = open_cells
    starts = np.diff(walled.ravel(), prepend=False)
    run = np.cumsum(starts).reshape(h, w + 1)[:, :w]
    hit = np.bincount(run[reached], minlength=int(run.max(initial=0)) + 1) > 0
    return np.asarray(open_cells & hit[run], np.bool_)


def _ring(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    ring = np.ones(shape, bool)
    ring[1:-1, 1:-1] = False
    return ring
