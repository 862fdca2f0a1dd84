"""Sun, shadow and the slight lean of tall things: from a canvas to a picture."""

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def _moved(source: F32, dx: int, dy: int) -> tuple[tuple[slice, slice], F32]:
    """Return the window of pixels p whose p + (dx, dy) lies inside, and `source` there."""
    rows, cols = source.shape[:2]
    window = (slice(max(0, -dy), min(rows, rows - dy)), slice(max(0, -dx), min(cols, cols - dx)))
    there = (slice(max(0, dy), min(rows, rows + dy)), slice(max(0, dx), min(cols, cols + dx)))
    return window, source[there]


def shadows(height: F32, sun: tuple[float, float], elevation_deg: float, gsd_m: float) -> F32:
    """Return (n, n) in [0, 1], 1 in full shadow, marching from each pixel towards the sun.

    sun  unit vector on the ground towards the sun (x east, y south)
    """
    rise = float(np.tan(np.radians(elevation_deg)))
    reach_px = int(float(height.max(initial=0.0)) / rise / gsd_m)
    step = max(1.0, reach_px / 64)
    horizon = height.copy()
    for k in range(1, int(reach_px / step) + 1):
        far = k * step
        window, there = _moved(height, round(far * sun[0]), round(far * sun[1]))
        np.maximum(horizon[window], there - np.float32(far * gsd_m * rise), out=horizon[window])
    dark = (horizon - height) / np.float32(0.7 * rise * gsd_m + 0.2)
    return np.asarray(np.clip(dark, 0, 1), np.float32)


def lean(rgb: F32, height: F32, per_m: tuple[float, float], gsd_m: float) -> F32:
    """Return the picture with everything displaced by `per_m` pixels east and south a metre.

    Of all that falls on a pixel the highest is seen; a side that comes into view is dark.
    """
    top = float(height.max(initial=0.0))
    steps = int(np.ceil(top * max(abs(per_m[0]), abs(per_m[1])) / gsd_m))
    out = rgb.copy()
    for k in range(1, steps + 1):
        h = np.float32(top * k / steps)
        window, there = _moved(height, -round(h * per_m[0] / gsd_m), -round(h * per_m[1] / gsd_m))
        _, colour = _moved(rgb, -round(h * per_m[0] / gsd_m), -round(h * per_m[1] / gsd_m))
        tall = there >= h - top / steps / 2
        wall = np.where(there - h > top / steps, np.float32(0.6), np.float32(1.0))
        view = out[window]
        view[tall] = colour[tall] * wall[tall][:, None]
    return np.asarray(out, np.float32)


def blur(rgb: F32, weight: float) -> F32:
    """Return the picture through a lens: three taps each way, `weight` on each neighbour."""
    out = rgb * np.float32(1 - 2 * weight)
    out[1:] += weight * rgb[:-1]
    out[:-1] += weight * rgb[1:]
    out[0] += weight * rgb[0]
    out[-1] += weight * rgb[-1]
    final = out * np.float32(1 - 2 * weight)
    final[:, 1:] += weight * out[:, :-1]
    final[:, :-1] += weight * out[:, 1:]
    final[:, 0] += weight * out[:, 0]
    final[:, -1] += weight * out[:, -1]
    return np.asarray(final, np.float32)
