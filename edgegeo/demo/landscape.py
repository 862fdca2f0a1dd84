"""A procedural aerial picture: the same place on any date, from two numbers and no file.

It shows that things work, and gives training and tests scenes without a licence. What it
draws is plausible, never real: no accuracy measured on it is quoted.
"""

import numpy as np
from numpy.typing import NDArray

from edgegeo.demo import light, objects, terrain
from edgegeo.demo.layout import make_layout
from edgegeo.demo.placing import make_plan
from edgegeo.errors import RangeError

MARGIN_M = 14.0  # drawn beyond the picture, for the shadows that fall into it


def landscape(
    seed: int, size_px: int, gsd_m: float, date: int = 0, style: str | None = None
) -> NDArray[np.uint8]:
    """Return a (size_px, size_px, 3) uint8 RGB picture, north up, `gsd_m` metres a pixel.

    `seed` fixes roads, buildings, trees and fields; `date` the season, the sun, the camera's
    side, the crops, the parked cars and the few buildings built or pulled down. `style` is
    the name of one of `layout.STYLES`; by default the seed draws one. Deterministic.

    >>> landscape(1, 64, 0.5).shape
    (64, 64, 3)
    """
    if size_px < 1:
        raise RangeError.of("size_px", "at least 1", size_px)
    if not 0.05 <= gsd_m <= 5:
        raise RangeError.of("gsd_m", "metres per pixel in [0.05, 5]", gsd_m)
    margin = int(np.ceil(MARGIN_M / gsd_m))
    size = size_px + 2 * margin
    layout = make_layout(seed, date, size * gsd_m / 2, style)
    day = np.random.default_rng([seed, 3, date])
    azimuth, elevation_deg = np.radians(day.uniform(105, 255)), day.uniform(32, 66)
    sun = float(np.sin(azimuth)), float(-np.cos(azimuth))
    dryness = float(np.clip(layout.style.dryness + day.normal(0, 0.25), 0, 1))

    at = ((np.arange(size) - (size - 1) / 2) * gsd_m).astype(np.float32)
    x, y = np.broadcast_to(at, (size, size)), np.broadcast_to(at[:, None], (size, size))
    u, v = layout.uv_from_xy(x, y)
    canvas = objects.Canvas(
        terrain.ground(layout, u, v, gsd_m, dryness, np.random.default_rng([seed, 4, date])),
        gsd_m,
        sun,
    )
    plan = make_plan(layout)
    objects.draw_roads(canvas, layout, u, v, x, y)
    objects.draw_boxes(canvas, layout, plan.plates)
    objects.draw_cars(canvas, layout, plan, np.random.default_rng([seed, 5, date]))
    buildings = objects.standing(layout, plan, np.random.default_rng([seed, 6, date]))
    objects.draw_boxes(canvas, layout, buildings)
    trees = terrain.in_season(plan.trees, dryness, np.random.default_rng([seed, 7, date]))
    objects.draw_trees(canvas, layout, trees)

    shadow = light.shadows(canvas.height, sun, elevation_deg, gsd_m)
    direct = (1 - shadow) * canvas.shade * np.float32(0.62)
    sky = np.array((0.36, 0.40, 0.46), np.float32) * np.float32(day.uniform(0.85, 1.1))
    lit = canvas.rgb * (direct[..., None] + sky)
    side = day.uniform(0, 2 * np.pi)
    tilt = day.uniform(0, 0.18)
    lit = light.lean(lit, canvas.height, (tilt * np.cos(side), tilt * np.sin(side)), gsd_m)

    lit = light.blur(lit, day.uniform(0.08, 0.2))[margin:-margin, margin:-margin]
    gain = day.uniform(0.85, 1.2) * (1 + day.normal(0, 0.03, 3))
    haze = day.uniform(0, 0.16)
    out = lit * gain.astype(np.float32) * np.float32(1 - haze) + np.float32(190 * haze)
    grey = out.mean(axis=2, keepdims=True)
    out = grey + np.float32(day.uniform(0.65, 0.95)) * (out - grey)
    out = np.where(out > 170, 170 + 80 * np.tanh((out - 170) / 90), out)  # a camera's shoulder
    out += day.normal(0, day.uniform(1, 3), out.shape).astype(np.float32)
    return np.asarray(np.clip(out + 0.5, 0, 255), np.uint8)
