"""Draw roads, plates, buildings, trees and cars onto a canvas of colour, height and shade."""

import numpy as np
from numpy.typing import NDArray

from edgegeo.demo.layout import Course, Layout, Metres
from edgegeo.demo.placing import Plan

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class Canvas:
    """A square picture in the making, `size` pixels a side, centred on the landscape."""

    def __init__(self, rgb: F32, gsd_m: float, sun: tuple[float, float]) -> None:
        self.rgb = rgb  # (n, n, 3) colours as under an even light, 0 to 255
        self.height = np.zeros(rgb.shape[:2], np.float32)  # metres above the ground
        self.shade = np.ones(rgb.shape[:2], np.float32)  # share of the sun a slope gets
        self.gsd_m = gsd_m
        self.sun = sun  # unit vector on the ground towards the sun (x east, y south)

    def px(self, metres: F64) -> F64:
        """Return pixel coordinates of metres from the centre."""
        return metres / self.gsd_m + (len(self.rgb) - 1) / 2


def _edge(distance_m: Metres, gsd_m: float) -> F32:
    return np.asarray(np.clip(0.5 - distance_m / gsd_m, 0, 1), np.float32)


def _mix(rgb: F32, alpha: F32, colour: NDArray[np.floating]) -> None:
    rows = np.flatnonzero(alpha.any(axis=1))
    if len(rows):
        band = slice(rows[0], rows[-1] + 1)
        a = alpha[band, :, None]
        rgb[band] += a * (colour.astype(np.float32) - rgb[band])


def draw_roads(canvas: Canvas, layout: Layout, u: Metres, v: Metres, x: F32, y: F32) -> None:
    """Draw the streets with verges and markings, then the river and the highway over them."""
    paved = layout.style.paved == 1
    dirt = layout.sand * np.float32(0.95)
    surface = layout.road if paved or layout.seed % 3 else dirt
    for widen, colour in ((2.2, np.full(3, 168.0) if paved else surface * 1.06), (0.0, surface)):
        alpha = np.zeros(u.shape, np.float32)
        for at, lines, widths in ((u, layout.us, layout.u_roads), (v, layout.vs, layout.v_roads)):
            near = np.clip(np.searchsorted(0.5 * (lines[1:] + lines[:-1]), at.ravel()), 0, None)
            near = near.reshape(at.shape)
            width = widths.astype(np.float32)[near]
            off = (
                np.abs(at - lines.astype(np.float32)[near]) - width / 2 - (widen if paved else 0.6)
            )
            alpha = np.maximum(alpha, _edge(off, canvas.gsd_m) * (width > 0))
        _mix(canvas.rgb, alpha, colour)
    if paved:
        for at, along, lines, widths in (
            (u, v, layout.us, layout.u_roads), (v, u, layout.vs, layout.v_roads)
        ):  # fmt: skip
            for line, width in zip(lines, widths, strict=True):
                if width > 8.5:
                    mark = _edge(np.abs(at - np.float32(line)) - 0.12, canvas.gsd_m)
                    _mix(canvas.rgb, 0.7 * mark * (np.mod(along, 9) < 4), np.full(3, 215.0))
    if layout.river is not None:
        off = np.abs(layout.river.distance_m(x, y)) - layout.river.width_m / 2
        _mix(canvas.rgb, 0.6 * _edge(off - 4, 5.0), layout.sand * np.float32(0.8))
        _mix(canvas.rgb, _edge(off, 2.0), layout.water)
    if layout.highway is not None:
        _draw_highway(canvas, layout.highway, layout.road, x, y)


def _draw_highway(canvas: Canvas, highway: Course, road: F32, x: F32, y: F32) -> None:
    off = highway.distance_m(x, y)
    wide, gsd_m = highway.width_m, canvas.gsd_m
    _mix(canvas.rgb, _edge(np.abs(off) - wide / 2 - 3, gsd_m), np.array((138.0, 132.0, 112.0)))
    _mix(canvas.rgb, _edge(np.abs(off) - wide / 2, gsd_m), road * np.float32(1.1))
    _mix(canvas.rgb, _edge(np.abs(off) - 0.9, gsd_m), np.array((120.0, 122.0, 92.0)))
    for lane in (-wide / 2 + 1, -wide / 4, wide / 4, wide / 2 - 1):
        _mix(canvas.rgb, 0.8 * _edge(np.abs(off - lane) - 0.15, gsd_m), np.full(3, 220.0))


def draw_boxes(canvas: Canvas, layout: Layout, boxes: F64, turn: F64 | None = None) -> None:
    """Draw rectangles lowest first; those with a height get a roof, and cast shadows later.

    boxes  (n, 9) rows of `tables.BOX` in street coordinates; roof 0 flat, 1 and 3 gables
           with the ridge along u and v, 2 and 4 hips
    turn   (n,) radians added to the direction of the streets
    """
    size, gsd_m = len(canvas.rgb), canvas.gsd_m
    x, y = layout.xy_from_uv(boxes[:, 0], boxes[:, 1])
    angle = layout.angle_at(boxes[:, 0], boxes[:, 1]) + (0 if turn is None else turn)
    cx, cy = canvas.px(x), canvas.px(y)
    reach = np.hypot(boxes[:, 2], boxes[:, 3]) / gsd_m + 2
    seen = (cx > -reach) & (cy > -reach) & (cx < size + reach) & (cy < size + reach)
    for k in np.flatnonzero(seen)[np.argsort(boxes[seen, 4], kind="stable")]:
        _, _, hu, hv, height, roof = boxes[k, :6]
        r = reach[k]
        x0, x1 = max(0, int(cx[k] - r)), min(size, int(cx[k] + r) + 2)
        y0, y1 = max(0, int(cy[k] - r)), min(size, int(cy[k] + r) + 2)
        if x0 >= x1 or y0 >= y1:
            continue
        c, s = np.cos(angle[k]), np.sin(angle[k])
        dx = (np.arange(x0, x1) - cx[k]) * gsd_m
        dy = (np.arange(y0, y1)[:, None] - cy[k]) * gsd_m
        a, b = c * dx + s * dy, c * dy - s * dx
        alpha = _edge(np.maximum(np.abs(a) - hu, np.abs(b) - hv), gsd_m)
        window = (slice(y0, y1), slice(x0, x1))
        canvas.rgb[window] += alpha[..., None] * (
            boxes[k, 6:9].astype(np.float32) - canvas.rgb[window]
        )
        if height > 0:
            inside = alpha > 0.5
            top, lit = _roof(int(roof), (a, b), (hu, hv), (c, s), canvas.sun)
            canvas.height[window] = np.where(inside, height + top, canvas.height[window])
            canvas.shade[window] = np.where(inside, lit, canvas.shade[window])


def _roof(
    roof: int,
    at: tuple[F64, F64],
    half: tuple[float, float],
    turn: tuple[float, float],
    sun: tuple[float, float],
) -> tuple[F64, F64]:
    """Return the roof's rise above the eaves and its light, per pixel."""
    (a, b), (hu, hv), (c, s) = at, half, turn
    flat = np.zeros(np.broadcast_shapes(a.shape, b.shape))
    if roof == 0:
        return flat, flat + 1
    sun_a, sun_b = c * sun[0] + s * sun[1], c * sun[1] - s * sun[0]
    slope_b, slope_a = hv - np.abs(b), hu - np.abs(a)
    if roof == 1:
        slope_a = flat + np.inf
    elif roof == 3:
        slope_b = flat + np.inf
    on_b = slope_b <= slope_a
    facing = np.where(on_b, np.sign(b) * sun_b, np.sign(a) * sun_a)
    return 0.45 * np.where(on_b, slope_b, slope_a), 1 + 0.42 * facing


def draw_trees(canvas: Canvas, layout: Layout, trees: F64) -> None:
    """Draw crowns as domes, the taller over the lower, all at once.

    trees  (n, 8) rows of `tables.TREE` in street coordinates
    """
    size, gsd_m = len(canvas.rgb), canvas.gsd_m
    x, y = layout.xy_from_uv(trees[:, 0], trees[:, 1])
    keep = ~layout.blocked(x, y, 2.0)
    trees, cx, cy = trees[keep], canvas.px(x[keep]), canvas.px(y[keep])
    rng = np.random.default_rng([layout.seed, 4])
    bumps = rng.uniform(0.75, 1.2, 512).astype(np.float32)
    radius_px = trees[:, 2] / gsd_m
    bucket = np.ceil(np.log2(np.maximum(radius_px, 0.5)) * 2).astype(int)
    flat_height = canvas.height.ravel()
    drawn = []
    for step in np.unique(bucket):
        rows = np.flatnonzero(bucket == step)
        reach = int(np.ceil(2 ** (step / 2))) + 1
        oy, ox = (g.ravel() for g in np.mgrid[-reach : reach + 1, -reach : reach + 1])
        px = np.rint(cx[rows])[:, None].astype(int) + ox
        py = np.rint(cy[rows])[:, None].astype(int) + oy
        dx, dy = px - cx[rows, None], py - cy[rows, None]
        angle = ((np.arctan2(dy, dx) + np.pi) * (12 / (2 * np.pi))).astype(int) + rows[:, None] * 13
        r = np.maximum(radius_px[rows, None], 0.5) * bumps[angle % 512]
        d2 = (dx * dx + dy * dy) / (r * r)
        ok = (d2 < 1) & (px >= 0) & (py >= 0) & (px < size) & (py < size)
        row = np.broadcast_to(rows[:, None], ok.shape)[ok]
        tall = (trees[row, 3] * (0.55 + 0.45 * np.sqrt(1 - d2[ok]))).astype(np.float32)
        lit = 1 + 0.55 * ((dx * canvas.sun[0] + dy * canvas.sun[1]) / r)[ok]
        drawn.append((py[ok] * size + px[ok], row, tall, lit))
    if not drawn:
        return
    index, row, tall, lit = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    np.maximum.at(flat_height, index, tall)
    wins = flat_height[index] == tall
    index, row, lit = index[wins], row[wins], lit[wins]
    canvas.shade.ravel()[index] = lit
    grain = bumps[(index * 7) % 512][:, None]
    canvas.rgb.reshape(-1, 3)[index] = trees[row, 4:7] * (0.6 + 0.4 * grain)


def draw_cars(canvas: Canvas, layout: Layout, plan: Plan, date_rng: np.random.Generator) -> None:
    """Draw the cars of this date: some of the bays are taken, a few cars are on the road."""
    parked = plan.bays[date_rng.random(len(plan.bays)) < 0.55]
    n = len(parked)
    paint = np.array([(228, 228, 226), (60, 62, 66), (150, 152, 156), (128, 46, 42),
                      (52, 70, 104), (196, 196, 196), (36, 36, 38)], np.float64)  # fmt: skip
    colour = paint[date_rng.integers(0, len(paint), n)]
    turned = np.pi / 2 * parked[:, 2] + date_rng.normal(0, 0.04, n)
    u, v = parked[:, 0] + date_rng.normal(0, 0.2, n), parked[:, 1] + date_rng.normal(0, 0.2, n)
    body = np.column_stack([u, v, np.full(n, 2.2), np.full(n, 0.9), np.full(n, 1.4), np.zeros(n)])
    draw_boxes(canvas, layout, np.hstack([body, colour]), turned)
    glass = np.column_stack([u, v, np.full(n, 1.1), np.full(n, 0.7), np.full(n, 1.5), np.zeros(n)])
    draw_boxes(canvas, layout, np.hstack([glass, 0.55 * colour + 20]), turned)


def standing(layout: Layout, plan: Plan, date_rng: np.random.Generator) -> F64:
    """Return the buildings that stand on this date: a few were built or pulled down."""
    boxes = plan.buildings
    x, y = layout.xy_from_uv(boxes[:, 0], boxes[:, 1])
    reach = np.hypot(boxes[:, 2], boxes[:, 3])
    clear = ~layout.blocked(x, y, 4.0)
    if layout.highway is not None:
        clear &= np.abs(layout.highway.distance_m(x, y)) > layout.highway.width_m / 2 + reach
    return boxes[clear & (date_rng.random(len(boxes)) > 0.03)]
