"""Fractal noise and the colours of the ground: what lies flat in a procedural landscape."""

import numpy as np
from numpy.typing import NDArray

from edgegeo.demo.layout import Kind, Layout, Metres

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

GRASS = np.array([(96, 118, 62), (150, 138, 92)], np.float32)  # lush, dry
CROPS = np.array(
    [
        (82, 116, 52),  # young grain
        (112, 132, 66),
        (196, 172, 108),  # ripe
        (214, 196, 142),  # stubble
        (128, 100, 76),  # ploughed
        (100, 80, 62),
        (72, 98, 54),  # maize
        (190, 182, 70),  # rape
        (150, 124, 96),
    ],
    np.float32,
)
LOTS = np.array(
    [(98, 120, 66), (122, 132, 80), (150, 138, 100), (168, 152, 122), (138, 130, 116)], np.float32
)


def noise(rng: np.random.Generator, size: int, cell_px: float) -> F32:
    """Return (size, size) smooth noise in [-1, 1] with features of `cell_px` pixels."""
    if cell_px <= 1.5:
        return rng.uniform(-1, 1, (size, size)).astype(np.float32)
    knots = int(np.ceil(size / cell_px)) + 2
    at = np.arange(size, dtype=np.float32) / np.float32(cell_px)
    low = at.astype(np.int64)
    t = at - low
    t = t * t * (3 - 2 * t)
    weights = np.zeros((size, knots), np.float32)
    weights[np.arange(size), low] = 1 - t
    weights[np.arange(size), low + 1] = t
    grid = rng.uniform(-1, 1, (knots, knots)).astype(np.float32)
    return np.asarray(weights @ grid @ weights.T, np.float32)


def fractal(rng: np.random.Generator, size: int, gsd_m: float, cells_m: tuple[float, ...]) -> F32:
    """Return (size, size) noise summed over octaves, each weighing 0.7 of the one before."""
    total = np.zeros((size, size), np.float32)
    for octave, cell_m in enumerate(cells_m):
        total += np.float32(0.7**octave) * noise(rng, size, cell_m / gsd_m)
    return total


def ground(
    layout: Layout,
    u: Metres,
    v: Metres,
    gsd_m: float,
    dryness: float,
    date_rng: np.random.Generator,
) -> F32:
    """Paint the flat ground of every block: lawns, fields with furrows, sand, tarmac, water.

    u, v      (n, n) metres in the layout's warped street coordinates
    dryness   0 lush to 1 dry, of this date
    returns   (n, n, 3) float32 RGB, 0 to 255
    """
    size = len(u)
    rng = np.random.default_rng([layout.seed, 11])
    broad = fractal(rng, size, gsd_m, (140, 45, 14))
    fine = fractal(rng, size, gsd_m, (5, 2, 0.8))
    i, j = layout.block_of(u, v)
    block = i * layout.kinds.shape[1] + j
    kind = layout.kinds[i, j]

    blocks = layout.kinds.size
    table = np.random.default_rng([layout.seed, 12])
    grass = GRASS[0] + (GRASS[1] - GRASS[0]) * np.float32(dryness)
    base = np.empty((len(Kind), 3), np.float32)
    base[Kind.HOUSES] = grass
    base[Kind.FLATS] = (150, 144, 134)
    base[Kind.INDUSTRY] = (156, 150, 140)
    base[Kind.FIELD] = grass
    base[Kind.PARK] = grass
    base[Kind.FOREST] = 0.6 * grass + np.array((16, 14, 8), np.float32)
    base[Kind.SCRUB] = layout.sand
    base[Kind.CARPARK] = (112, 110, 108)
    base[Kind.POND] = grass * np.float32(0.9)
    tint = table.normal(0, 1, (blocks, 1)) * 8 + table.normal(0, 3, (blocks, 3))
    rgb = base[kind] + tint.astype(np.float32)[block]

    du, dv = u - layout.us[i], v - layout.vs[j]
    lots = kind == Kind.HOUSES
    lot = (du / layout.lot_m).astype(np.int64) * 2 + (dv * 2 > layout.vs[j + 1] - layout.vs[j])
    drawn = LOTS[table.integers(0, len(LOTS), 4096)] + table.normal(0, 8, (4096, 1))
    weight = np.float32(0.75)
    mixed = (1 - weight) * rgb + weight * drawn.astype(np.float32)[(block * 131 + lot) % 4096]
    rgb = np.where(lots[..., None], mixed, rgb)

    _paint_fields(layout, rgb, (kind == Kind.FIELD, block, du, dv), broad, date_rng)

    rough = np.array([6, 5, 5, 7, 8, 9, 10, 3, 6], np.float32)[kind]
    mottle = np.array([7, 5, 6, 6, 12, 10, 14, 4, 8], np.float32)[kind]
    rgb += (broad * mottle + fine * rough)[..., None]
    wild = (kind == Kind.SCRUB) | (kind == Kind.PARK) | (kind == Kind.FIELD)
    rgb += (_veins(rng, size, gsd_m) * np.where(wild, mottle, mottle / 2))[..., None]
    _paint_ponds(layout, rgb, (kind == Kind.POND, i, j, du, dv), broad)
    return np.asarray(rgb, np.float32)


def _veins(rng: np.random.Generator, size: int, gsd_m: float) -> F32:
    """Return crisp dark lines and pale patches in [-1.6, 1]: gullies, tracks, bare spots."""
    bent = noise(rng, size, 60 / gsd_m) + 0.5 * noise(rng, size, 18 / gsd_m)
    patches = noise(rng, size, 26 / gsd_m) + 0.6 * noise(rng, size, 7 / gsd_m)
    lines = np.clip(1 - np.abs(bent) / 0.045, 0, 1)
    spots = np.clip(patches * 6 - 2, 0, 1)
    return np.asarray(spots - np.float32(1.6) * lines, np.float32)


def _paint_fields(
    layout: Layout,
    rgb: F32,
    where: tuple[NDArray[np.bool_], I64, Metres, Metres],
    broad: F32,
    date_rng: np.random.Generator,
) -> None:
    inside, block, du, dv = where
    if not inside.any():
        return
    parts = 4
    count = layout.kinds.size * parts
    table = np.random.default_rng([layout.seed, 13])
    strip = table.uniform(35, 120, layout.kinds.size)
    along = table.random(layout.kinds.size) < 0.5
    b, x, y = block[inside], du[inside], dv[inside]
    across = np.where(along[b], x, y)
    field = b * parts + np.minimum((across / strip[b]).astype(np.int64), parts - 1)
    crop = table.integers(0, len(CROPS), count)
    sown = date_rng.integers(0, len(CROPS), count)
    crop = np.where(date_rng.random(count) < (0.55 if layout.date else 0.0), sown, crop)
    colour = CROPS[crop] + table.normal(0, 6, (count, 3)) + date_rng.normal(0, 7, (count, 1))
    period = table.uniform(2.4, 9.0, count)
    depth = table.uniform(1.0, 9.0, count)
    tram = table.uniform(14, 30, count)
    ripple = np.sin(across * (2 * np.pi / period[field]) + 0.8 * broad[inside]) * depth[field]
    ripple -= (np.mod(across, tram[field]) < 1.2) * table.uniform(4, 22, count)[field]
    edge = np.minimum(np.mod(across, strip[b]), 6.0) < 1.2
    ripple -= edge * 22.0
    rgb[inside] = (colour[field] + ripple[:, None]).astype(np.float32)


def _paint_ponds(
    layout: Layout,
    rgb: F32,
    where: tuple[NDArray[np.bool_], I64, I64, Metres, Metres],
    broad: F32,
) -> None:
    inside, i, j, du, dv = where
    if not inside.any():
        return
    wide = (layout.us[i + 1] - layout.us[i])[inside]
    high = (layout.vs[j + 1] - layout.vs[j])[inside]
    x, y = 2 * du[inside] / wide - 1, 2 * dv[inside] / high - 1
    depth = 0.62 - np.hypot(x, y) + 0.12 * broad[inside]
    water = np.clip(depth * 12, 0, 1)[:, None]
    colour = layout.water * (1 - 0.25 * np.clip(depth, 0, 1))[:, None]
    rgb[inside] = rgb[inside] * (1 - water) + colour * water


def in_season(
    trees: NDArray[np.float64], dryness: float, date_rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the (n, 8) trees of a date: leaves turn or fall, a few trees are felled."""
    out = trees[date_rng.random(len(trees)) > 0.03].copy()
    leafy = out[:, 7] > date_rng.uniform(0.1, 0.9)
    autumn = np.clip(dryness * 0.7 + date_rng.normal(0, 0.2), 0, 0.9)
    turned = out[:, 4:7] * np.array((1.9, 1.25, 1.2)) * date_rng.uniform(0.85, 1.1, (len(out), 1))
    mixed = out[:, 4:7] * (1 - autumn) + turned * autumn
    out[:, 4:7] = np.where(leafy[:, None], mixed, out[:, 4:7])
    out[:, 2] *= date_rng.uniform(0.9, 1.1)
    return np.asarray(out, np.float64)
