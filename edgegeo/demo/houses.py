"""Detached houses: a block of lots with drives, gardens, sheds, pools and hedges."""

import numpy as np
from numpy.typing import NDArray

from edgegeo.demo.layout import Layout
from edgegeo.demo.tables import HALLS, POOL, ROOFS, Box, Tables, pick, scatter, tree_colours

F64 = NDArray[np.float64]


def houses(layout: Layout, out: Tables, rng: np.random.Generator, box: Box) -> None:
    """Fill the block with two rows of lots, back to back."""
    u0, u1, v0, v1 = box
    count = int((u1 - u0) / layout.lot_m)
    if count < 1 or v1 - v0 < 34:
        return
    gable = rng.random() < 0.5
    setback = rng.uniform(4, 9)
    for side in (0, 1):
        keep = rng.random(count) > 0.07
        u = (u0 + (np.arange(count) + 0.5) * (u1 - u0) / count)[keep] + rng.normal(0, 0.8)
        n = len(u)
        hu, hv = rng.uniform(0.3, 0.43, n) * layout.lot_m, rng.uniform(4.5, 7, n)
        inward = 1 if side == 0 else -1
        front = v0 if side == 0 else v1
        v = front + inward * (setback + hv + rng.uniform(0, 3, n))
        height = rng.uniform(3.5, 7.5, n)
        roof = np.where(rng.random(n) < (0.8 if gable else 0.3), 1.0, 2.0) + 2 * (hv > hu)
        colour = pick(rng, ROOFS, n)
        out.add("building", u, v, hu, hv, height, roof, colour)
        wing = rng.random(n) < 0.5  # an L: a lower wing to the front or the back
        shift = rng.choice([-0.5, 0.5], n)
        reach = rng.choice([-0.8, 0.9], n) * hv
        out.add(
            "building", (u + shift * hu)[wing], (v + reach)[wing], (0.45 * hu)[wing],
            (0.5 * hv)[wing], (height * 0.8)[wing], 3.0, colour[wing],
        )  # fmt: skip
        shed = rng.random(n) < 0.4
        yard = front + inward * rng.uniform(20, max(20.5, (v1 - v0) / 2 - 3), n)
        out.add(
            "building", (u + rng.uniform(-6, 6, n))[shed], yard[shed], 1.5, 1.8, 2.4, 0.0,
            pick(rng, HALLS, int(shed.sum())),
        )  # fmt: skip
        drive = u + shift * 0.9 * hu
        grey = np.repeat(rng.uniform(130, 190, (n, 1)), 3, axis=1)
        out.add(
            "plate", drive, (front + v - inward * hv) / 2, 1.7, np.abs(v - front) / 2, 0, 0, grey
        )
        car = rng.random(n) < 0.7
        out.add("bay", drive[car], (front + inward * 3.5) * np.ones(int(car.sum())), 1.0)
        pool = rng.random(n) < rng.choice([0.02, 0.25])
        swim = front + inward * (setback + 2 * hv + rng.uniform(6, 9, n))
        k = int(pool.sum())
        out.add("plate", u[pool], swim[pool], 4.2, 2.9, 0, 0, np.full((k, 3), 190.0))
        out.add("plate", u[pool], swim[pool], 3.4, 2.1, 0, 0, np.tile(POOL, (k, 1)))
    middle = (v0 + v1) / 2
    hedge = np.arange(u0, u1, 3.0)
    if rng.random() < 0.6:
        thin = hedge[rng.random(len(hedge)) < 0.7]
        out.add("tree", thin, middle, 1.3, 2.5, tree_colours(rng, len(thin)), rng.random(len(thin)))
    scatter(out, rng, box, rng.uniform(10, 45), (1.2, 4.2))
