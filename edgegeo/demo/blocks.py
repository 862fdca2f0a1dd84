"""Blocks of flats, works, and open ground: what fills them, in street coordinates."""

import numpy as np
from numpy.typing import NDArray

from edgegeo.demo.layout import Kind
from edgegeo.demo.tables import (
    HALLS,
    ROOFS,
    Box,
    Tables,
    car_rows,
    pick,
    scatter,
    tree_colours,
)

F64 = NDArray[np.float64]


def flats(out: Tables, rng: np.random.Generator, box: Box) -> None:
    """Fill the block with slabs or bars around a court."""
    u0, u1, v0, v1 = box
    deep = rng.uniform(5, 8)
    storeys = rng.uniform(7, 17)
    inset = rng.uniform(1, 5)
    slabs = rng.random() < 0.35
    rows = np.arange(v0 + inset + deep, v1 - deep, rng.uniform(26, 40)) if slabs else [
        v0 + inset + deep, v1 - inset - deep
    ]  # fmt: skip
    for v in rows:
        cuts = np.cumsum(rng.uniform(12, 38, 12)) + u0 + inset
        edges = np.concatenate([[u0 + inset], cuts[cuts < u1 - inset - 8], [u1 - inset]])
        _bars(out, rng, (edges, float(v)), (deep, storeys), False)
    if not slabs:
        for u in (u0 + inset + deep, u1 - inset - deep):
            cuts = np.cumsum(rng.uniform(12, 38, 12)) + v0 + inset + 2 * deep
            low, high = v0 + inset + 2 * deep, v1 - inset - 2 * deep
            edges = np.concatenate([[low], cuts[cuts < high - 8], [high]])
            _bars(out, rng, (edges, u), (deep, storeys), True)
        green = rng.uniform(0.4, 1)
        colour = np.array([[96, 112, 70]]) * green + 130 * (1 - green)
        half = max((u1 - u0) / 2 - inset - 2 * deep, 1), max((v1 - v0) / 2 - inset - 2 * deep, 1)
        out.add("plate", (u0 + u1) / 2, (v0 + v1) / 2, *half, 0, 0, colour)
    scatter(out, rng, box, rng.uniform(6, 30), (1.5, 3.8))
    car_rows(out, rng, (u0 + 20, u1 - 20, (v0 + v1) / 2 - 8, (v0 + v1) / 2 + 8), 0.5)


def _bars(
    out: Tables,
    rng: np.random.Generator,
    line: tuple[F64, float],
    size: tuple[float, float],
    along_v: bool,
) -> None:
    edges, at = line
    deep, storeys = size
    keep = (np.diff(edges) > 6) & (rng.random(len(edges) - 1) > 0.12)
    mid, half = ((edges[1:] + edges[:-1]) / 2)[keep], (np.diff(edges) / 2)[keep]
    n = len(mid)
    height = storeys * rng.uniform(0.7, 1.25, n)
    flat = rng.random() < 0.5
    roof = np.zeros(n) if flat else np.full(n, 3.0 if along_v else 1.0)
    colour = pick(rng, HALLS if flat else ROOFS, n)
    depth = deep * rng.uniform(0.85, 1.1, n)
    if along_v:
        out.add("building", at, mid, depth, half, height, roof, colour)
    else:
        out.add("building", mid, at, half, depth, height, roof, colour)
    boxes = rng.random(n) < 0.6  # lifts and air conditioning on flat roofs
    if flat and boxes.any():
        k = int(boxes.sum())
        shift = rng.uniform(-0.6, 0.6, k) * half[boxes]
        u, v = (np.full(k, at), mid[boxes] + shift) if along_v else (mid[boxes] + shift, at)
        grey = np.repeat(rng.uniform(110, 220, (k, 1)), 3, axis=1)
        out.add("building", u, v, 1.8, 1.6, height[boxes] + 2, 0, grey)


def industry(out: Tables, rng: np.random.Generator, box: Box) -> None:
    """Fill the block with halls, their skylights, containers and yards."""
    u0, u1, v0, v1 = box
    nu, nv = (max(1, int((b - a) / rng.uniform(38, 75))) for a, b in ((u0, u1), (v0, v1)))
    column, line = (g.ravel() for g in np.meshgrid(np.arange(nu), np.arange(nv)))
    keep = rng.random(column.size) > 0.22
    cell_u, cell_v = (u1 - u0) / nu, (v1 - v0) / nv
    u = (u0 + (column + 0.5) * cell_u)[keep]
    v = (v0 + (line + 0.5) * cell_v)[keep]
    n = len(u)
    hu, hv = rng.uniform(0.22, 0.43, n) * cell_u, rng.uniform(0.2, 0.42, n) * cell_v
    height, colour = rng.uniform(5, 12, n), pick(rng, HALLS, n)
    roof = np.where(rng.random(n) < 0.4, 1.0 + 2 * (hv > hu), 0.0)
    out.add("building", u, v, hu, hv, height, roof, colour)
    spots = int(rng.integers(2, 9))
    for k in range(n):  # skylights and vents
        su, sv = rng.uniform(-0.8, 0.8, (2, spots)) * np.array([[hu[k]], [hv[k]]])
        bright = np.repeat(rng.choice([70.0, 235.0], (spots, 1)), 3, axis=1)
        out.add(
            "building", u[k] + su, v[k] + sv, rng.uniform(0.7, 2), 1.1, height[k] + 1, 0, bright
        )
    car_rows(out, rng, (u0, u1, v0 + 3, v0 + 9), 0.45)
    n = int((u1 - u0) * (v1 - v0) * rng.uniform(0.0005, 0.004))
    out.add("building", rng.uniform(u0, u1, n), rng.uniform(v0, v1, n), rng.uniform(1, 6.2, n),
            rng.uniform(1, 2.4, n), 2.6, 0.0, pick(rng, np.vstack([ROOFS, HALLS]), n))  # fmt: skip
    n = int(rng.integers(2, 9))
    at = rng.uniform(u0, u1, n), rng.uniform(v0, v1, n)
    half = rng.uniform(4, 22, n), rng.uniform(3, 16, n)
    grey = np.repeat(rng.uniform(105, 175, (n, 1)), 3, axis=1)
    out.add("plate", *at, *half, 0, 0, grey)
    scatter(out, rng, box, 5, (1.2, 3))


def open_ground(
    out: Tables, rng: np.random.Generator, kind: Kind,
    box: Box,
) -> None:  # fmt: skip
    """Fill a block that holds no building: trees, hedges, cars, a pitch."""
    u0, u1, v0, v1 = box
    if kind == Kind.FOREST:
        step = rng.uniform(5.0, 8.0)
        u, v = (g.ravel() for g in np.meshgrid(np.arange(u0, u1, step), np.arange(v0, v1, step)))
        keep = rng.random(len(u)) < rng.uniform(0.65, 1.0)
        u, v = u[keep] + rng.normal(0, step / 4, keep.sum()), v[keep]
        v = v + rng.normal(0, step / 4, len(v))
        r = step * rng.uniform(0.4, 0.85, len(u))
        out.add("tree", u, v, r, r * 2.4, tree_colours(rng, len(u)), rng.random(len(u)) * 0.9)
    elif kind == Kind.SCRUB:
        scatter(out, rng, box, rng.uniform(20, 160), (0.5, 1.7))
    elif kind == Kind.CARPARK:
        car_rows(out, rng, (u0 + 4, u1 - 4, v0 + 4, v1 - 4), rng.uniform(0.2, 0.6))
        scatter(out, rng, box, 12, (1.2, 2.4))
    elif kind == Kind.POND:
        scatter(out, rng, (u0, u1, v0, v0 + 0.18 * (v1 - v0)), 90, (1.5, 4.5))
        scatter(out, rng, (u0, u0 + 0.18 * (u1 - u0), v0, v1), 90, (1.5, 4.5))
    elif kind == Kind.PARK:
        scatter(out, rng, box, rng.choice([4.0, 18.0, 50.0]), (1.5, 5))
        if rng.random() < 0.5 and u1 - u0 > 60 and v1 - v0 > 45:
            middle = (u0 + u1) / 2, (v0 + v1) / 2
            turf = rng.choice([(88, 128, 60), (166, 92, 66), (72, 112, 120)])[None].astype(float)
            out.add("plate", *middle, 25.4, 16.4, 0, 0, np.full((1, 3), 225.0))
            out.add("plate", *middle, 25.0, 16.0, 0, 0, turf)
            out.add("plate", *middle, 0.25, 16.0, 0, 0, np.full((1, 3), 225.0))
    elif kind == Kind.FIELD:
        if rng.random() < 0.5:
            u = np.arange(u0, u1, 4.5)
            u = u[rng.random(len(u)) < rng.uniform(0.3, 0.95)]
            r = rng.uniform(1.2, 3.2, len(u))
            out.add("tree", u, v0 + rng.normal(0, 0.6, len(u)), r, 1.8 * r,
                    tree_colours(rng, len(u)), rng.random(len(u)))  # fmt: skip
        scatter(out, rng, box, 0.7, (2, 5))
