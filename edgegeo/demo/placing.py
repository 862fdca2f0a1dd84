"""What stands on a procedural landscape: buildings, trees, cars and flat plates, as tables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgegeo.demo.blocks import flats, industry, open_ground
from edgegeo.demo.houses import houses
from edgegeo.demo.layout import Kind, Layout
from edgegeo.demo.tables import BOX, TREE, Tables, tree_colours

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plan:
    """Objects in street coordinates; the rows of each table have the columns named above."""

    buildings: F64  # (n, 9)
    plates: F64  # (n, 9), height and roof are zero
    trees: F64  # (n, 8)
    bays: F64  # (n, 3) u, v, and 1 where the car stands across the u axis


def make_plan(layout: Layout) -> Plan:
    """Return the objects of every block and of every street."""
    out = Tables()
    for i, j in np.ndindex(*layout.kinds.shape):
        rng = np.random.default_rng([layout.seed, 2, i, j])
        kind = Kind(layout.kinds[i, j])
        verge = 2.5 if layout.style.paved == 1 else 1.0
        box = (
            layout.us[i] + layout.u_roads[i] / 2 + verge,
            layout.us[i + 1] - layout.u_roads[i + 1] / 2 - verge,
            layout.vs[j] + layout.v_roads[j] / 2 + verge,
            layout.vs[j + 1] - layout.v_roads[j + 1] / 2 - verge,
        )
        if kind == Kind.HOUSES:
            houses(layout, out, rng, box)
        elif kind == Kind.FLATS:
            flats(out, rng, box)
        elif kind == Kind.INDUSTRY:
            industry(out, rng, box)
        else:
            open_ground(out, rng, kind, box)
        if layout.style.paved == 1 and layout.v_roads[j] > 6:  # parked along the street
            u = np.arange(box[0] + 8, box[1] - 8, 6.2)
            u = u[rng.random(len(u)) < rng.uniform(0.1, 0.7)]
            out.add("bay", u, layout.vs[j] + layout.v_roads[j] / 2 - 1.3, 0.0)
            if rng.random() < 0.5:
                u = np.arange(box[0] + 5, box[1] - 5, rng.uniform(8, 16))
                r = rng.uniform(1.3, 2.8, len(u))
                out.add("tree", u, box[2] - 1.2, r, 2 * r, tree_colours(rng, len(u)), 0.3)
    return Plan(
        out.table("building", len(BOX)),
        out.table("plate", len(BOX)),
        out.table("tree", len(TREE)),
        out.table("bay", 3),
    )
