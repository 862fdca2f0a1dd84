"""Rows for the objects of a landscape, collected block by block, and what fills them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Box = tuple[float, float, float, float]  # u0, u1, v0, v1 of a block's inside, metres

# Columns of the tables. Plates are flat rectangles: drives, pools, pitches, markings.
BOX = ("u", "v", "half_u", "half_v", "height", "roof", "red", "green", "blue")
TREE = ("u", "v", "radius", "height", "red", "green", "blue", "evergreen")

ROOFS = np.array(
    [
        (166, 96, 74), (146, 82, 66), (120, 104, 96), (96, 94, 96), (150, 142, 134),
        (186, 172, 156), (132, 112, 98), (206, 200, 192), (110, 88, 78), (176, 128, 100),
    ],
    np.float64,
)  # fmt: skip
HALLS = np.array(
    [(212, 210, 206), (190, 190, 188), (160, 164, 168), (226, 222, 214), (140, 146, 156),
     (176, 160, 142), (120, 130, 140), (236, 234, 230)],
    np.float64,
)  # fmt: skip
POOL = (92, 172, 190)


class Tables:
    """Collects rows block by block."""

    def __init__(self) -> None:
        self.rows: dict[str, list[F64]] = {"building": [], "plate": [], "tree": [], "bay": []}

    def add(self, table: str, *columns: NDArray[np.floating[Any]] | float) -> None:
        """Append rows; scalars repeat, (n, 3) colours spread over three columns."""
        count = max((len(c) for c in columns if isinstance(c, np.ndarray)), default=1)
        widths = [c.shape[1] if isinstance(c, np.ndarray) and c.ndim == 2 else 1 for c in columns]
        rows, at = np.empty((count, sum(widths))), 0
        for column, width in zip(columns, widths, strict=True):
            rows[:, at : at + width] = column if width > 1 else np.reshape(column, (-1, 1))
            at += width
        self.rows[table].append(rows)

    def table(self, name: str, width: int) -> F64:
        return np.vstack([np.empty((0, width)), *self.rows[name]])


def pick(rng: np.random.Generator, colours: F64, count: int) -> F64:
    """Return (count, 3) colours drawn from a list, each lighter or darker."""
    drawn = colours[rng.integers(0, len(colours), count)]
    return np.asarray(drawn * rng.uniform(0.85, 1.12, (count, 1)), np.float64)


def tree_colours(rng: np.random.Generator, count: int) -> F64:
    """Return (count, 3) greens."""
    base = np.array((58, 80, 42)) * rng.uniform(0.65, 1.35, (count, 1))
    return np.asarray(base + rng.normal(0, 5, (count, 3)), np.float64)


def scatter(
    out: Tables,
    rng: np.random.Generator,
    box: Box,
    per_hectare: float,
    radius: tuple[float, float],
) -> None:
    """Plant trees at random, so many a hectare."""
    u0, u1, v0, v1 = box
    area_m2 = max(u1 - u0, 0) * max(v1 - v0, 0)
    count = int(rng.poisson(area_m2 * per_hectare * 1e-4))
    r = rng.uniform(*radius, count)
    out.add(
        "tree", rng.uniform(u0, max(u0, u1), count), rng.uniform(v0, max(v0, v1), count),
        r, r * rng.uniform(1.4, 3.0, count), tree_colours(rng, count), rng.random(count),
    )  # fmt: skip


def car_rows(out: Tables, rng: np.random.Generator, box: Box, share: float) -> None:
    """Mark rows of bays across the box, and let `share` of them be used."""
    u0, u1, v0, v1 = box
    if u1 - u0 < 8 or v1 - v0 < 5:
        return
    for v in np.arange(v0 + 2.7, v1 - 2, 8.4):
        u = np.arange(u0 + 1.5, u1 - 1.5, 2.6)
        out.add("plate", u + 1.3, v, 0.09, 2.4, 0, 0, np.full((len(u), 3), 190.0))
        u = u[rng.random(len(u)) < min(1.0, share * 1.6)]
        out.add("bay", u, v, 1.0)
