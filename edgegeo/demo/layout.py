"""Where things stand in a procedural landscape: streets, blocks and what each block holds.

Streets are the lines of an irregular grid seen through a smooth warp, so that one lookup
gives every pixel its block, and curved suburbs and straight city centres are one code.
Metres throughout: x east and y south from the landscape's centre, u and v along the streets.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Metres = NDArray[Any]  # float32 for every pixel of a picture, float64 for objects


class Kind(IntEnum):
    """What a block between four streets holds."""

    HOUSES = 0
    FLATS = 1
    INDUSTRY = 2
    FIELD = 3
    PARK = 4
    FOREST = 5
    SCRUB = 6
    CARPARK = 7
    POND = 8


@dataclass(frozen=True)
class Style:
    """One sort of country: how far apart its streets are and what stands between them."""

    name: str
    spacing_m: tuple[float, float]
    road_m: tuple[float, float]
    paved: float  # share of grid lines that are roads; the others are field boundaries
    bend: float  # 0 straight streets, 1 strongly curved
    shares: tuple[float, ...]  # of each Kind
    dryness: float


STYLES = (
    Style("city", (75, 130), (9, 15), 1.0, 0.12, (12, 50, 9, 0, 11, 0, 1, 14, 3), 0.5),
    Style("suburb", (66, 110), (7, 9.5), 1.0, 0.9, (72, 7, 2, 0, 9, 4, 1, 3, 2), 0.4),
    Style("farmland", (110, 260), (4, 6.5), 0.55, 0.35, (5, 0, 2, 72, 9, 8, 0, 0, 4), 0.35),
    Style("desert", (110, 230), (5, 8), 0.7, 0.5, (14, 2, 6, 2, 0, 0, 72, 3, 1), 0.95),
    Style("forest", (120, 240), (4, 6), 0.5, 0.8, (7, 0, 1, 14, 17, 56, 0, 0, 5), 0.2),
    Style("works", (90, 180), (8, 12), 1.0, 0.1, (4, 8, 46, 0, 9, 2, 10, 20, 1), 0.6),
)


@dataclass(frozen=True, eq=False)
class Course:
    """A highway or a river: a wavy line right across the landscape."""

    angle: float
    shift_m: float
    amplitude_m: float
    wave_m: float
    phase: float
    width_m: float

    def distance_m(self, x: Metres, y: Metres) -> Metres:
        """Return the signed distance from the middle line (to first order in its slope)."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        along, across = c * x + s * y, -s * x + c * y
        wave = self.amplitude_m * np.sin(along / self.wave_m + self.phase)
        return np.asarray(across - self.shift_m - wave)


@dataclass(frozen=True, eq=False)
class Layout:
    """Everything that is fixed for a seed; `date` only decides what changes on it."""

    seed: int
    date: int
    style: Style
    turn: float
    bends: F64  # (4, 4): amplitude_m, wave number along u and v, phase
    us: F64  # (nu + 1,) street lines, metres
    vs: F64
    u_roads: F64  # (nu + 1,) widths, 0 where there is no road
    v_roads: F64
    kinds: I64  # (nu, nv) of Kind
    lot_m: float
    sand: F32
    water: F32
    road: F32
    highway: Course | None
    river: Course | None

    def uv_from_xy(self, x: Metres, y: Metres) -> tuple[Metres, Metres]:
        """Return the street coordinates of points given in metres from the centre."""
        c, s = float(np.cos(self.turn)), float(np.sin(self.turn))
        a, b = c * x + s * y, -s * x + c * y
        return a + self._bend(a, b, 0), b + self._bend(a, b, 2)

    def xy_from_uv(self, u: F64, v: F64) -> tuple[F64, F64]:
        """Return the inverse of `uv_from_xy`; the warp is a contraction, ten rounds do."""
        a, b = u, v
        for _ in range(10):
            a, b = u - self._bend(a, b, 0), v - self._bend(a, b, 2)
        c, s = np.cos(self.turn), np.sin(self.turn)
        return c * a - s * b, s * a + c * b

    def angle_at(self, u: F64, v: F64) -> F64:
        """Return the direction of the u axis on the ground, radians from x towards y."""
        x0, y0 = self.xy_from_uv(u - 1, v)
        x1, y1 = self.xy_from_uv(u + 1, v)
        return np.arctan2(y1 - y0, x1 - x0)

    def block_of(self, u: Metres, v: Metres) -> tuple[I64, I64]:
        """Return the (i, j) indices of the blocks that points lie in."""
        i = np.searchsorted(self.us, u.ravel()).reshape(u.shape) - 1
        j = np.searchsorted(self.vs, v.ravel()).reshape(v.shape) - 1
        return np.clip(i, 0, len(self.us) - 2), np.clip(j, 0, len(self.vs) - 2)

    def blocked(self, x: F64, y: F64, clear_m: float) -> NDArray[np.bool_]:
        """Return which points lie within `clear_m` of the highway or the river."""
        hit = np.zeros(np.shape(x), bool)
        for course in (self.highway, self.river):
            if course is not None:
                hit |= np.abs(course.distance_m(x, y)) < course.width_m / 2 + clear_m
        return hit

    def _bend(self, a: Metres, b: Metres, row: int) -> Metres:
        total = np.zeros_like(a)
        for amplitude, along, across, phase in self.bends[row : row + 2]:
            total += amplitude * np.sin(along * a + across * b + phase)
        return total


def _lines(rng: np.random.Generator, reach_m: float, style: Style) -> tuple[F64, F64]:
    count = int(2 * reach_m / style.spacing_m[0]) + 3
    lines = np.cumsum(rng.uniform(*style.spacing_m, count)) - reach_m - style.spacing_m[1]
    widths = rng.uniform(*style.road_m, count) * (rng.random(count) < style.paved)
    return lines, widths


def _course(rng: np.random.Generator, reach_m: float, width: tuple[float, float]) -> Course:
    wave_m = rng.uniform(60, 200)
    return Course(
        angle=rng.uniform(0, np.pi),
        shift_m=rng.uniform(-0.5, 0.5) * reach_m,
        amplitude_m=wave_m * rng.uniform(0, 0.35),
        wave_m=wave_m,
        phase=rng.uniform(0, 6.28),
        width_m=rng.uniform(*width),
    )


def make_layout(seed: int, date: int, reach_m: float, style: str | None = None) -> Layout:
    """Draw the plan of a landscape that reaches `reach_m` metres from its centre.

    `style` names one of STYLES; by default the seed draws one.
    """
    rng = np.random.default_rng([seed, 1])
    drawn = STYLES[int(rng.integers(len(STYLES)))]
    chosen = next((s for s in STYLES if s.name == style), drawn)
    waves = rng.uniform(140, 420, (4, 1))
    theta = rng.uniform(0, 2 * np.pi, (4, 1))
    number = 2 * np.pi / waves
    amplitude = 0.2 * chosen.bend * rng.uniform(0.4, 1, (4, 1)) / number
    bends = np.hstack(
        [amplitude, number * np.cos(theta), number * np.sin(theta), rng.uniform(0, 6.28, (4, 1))]
    )
    us, u_roads = _lines(rng, 1.3 * reach_m + 60, chosen)
    vs, v_roads = _lines(rng, 1.3 * reach_m + 60, chosen)
    shares = np.array(chosen.shares, np.float64) * rng.uniform(0.5, 1.5, len(Kind))
    kinds = rng.choice(len(Kind), (len(us) - 1, len(vs) - 1), p=shares / shares.sum())
    highway = _course(rng, reach_m, (14, 26)) if rng.random() < 0.22 else None
    river = _course(rng, reach_m, (8, 45)) if rng.random() < 0.2 else None
    return Layout(
        seed=seed,
        date=date,
        style=chosen,
        turn=rng.uniform(-np.pi / 4, np.pi / 4),
        bends=bends,
        us=us,
        vs=vs,
        u_roads=u_roads,
        v_roads=v_roads,
        kinds=kinds.astype(np.int64),
        lot_m=float(rng.uniform(15, 24)),
        sand=(np.array((186, 160, 126)) + rng.normal(0, 10, 3)).astype(np.float32),
        water=(np.array((58, 74, 76)) + rng.normal(0, 12, 3)).astype(np.float32),
        road=(np.array((118, 116, 114)) + rng.normal(0, 18)).astype(np.float32),
        highway=highway,
        river=river,
    )
