"""What a cheap camera does to light: exposure, white balance, haze, blur, noise."""

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def expose(rgb: F32, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the scene as a badly exposed, slightly moving camera records it.

    rgb      (h, w, 3) float32, 0 to 255
    returns  (h, w, 3) uint8

    The scene stays where it is: every blur is symmetric, and nothing is warped.
    """
    height, width = rgb.shape[:2]
    light = np.clip(rgb / np.float32(255), 0, 1)
    light = light ** np.float32(np.exp(rng.normal(0, 0.18)))
    light *= np.exp(rng.normal(0, 0.05, 3) + rng.normal(0, 0.2)).astype(np.float32)
    grey = light.mean(axis=2, keepdims=True)
    light = grey + np.float32(rng.uniform(0.6, 1.15)) * (light - grey)
    middle = np.float32(light.mean())
    light = middle + np.float32(rng.uniform(0.7, 1.2)) * (light - middle)
    haze = max(0.0, rng.normal(0, 0.1))
    light = light * np.float32(1 - haze) + np.float32(0.8 * haze)
    light *= _vignette(height, width, rng.uniform(0, 0.3))
    light = _defocus(light, abs(rng.normal(0, 0.8)) * width / 640)
    light = _motion(light, rng.uniform(0, 5) * width / 640, rng.uniform(0, np.pi))
    light += rng.standard_normal(light.shape, np.float32) * np.float32(rng.uniform(0.002, 0.025))
    return np.asarray(np.clip(np.rint(light * 255), 0, 255), np.uint8)


def _vignette(height: int, width: int, strength: float) -> F32:
    y = (np.arange(height) - (height - 1) / 2)[:, None]
    x = np.arange(width) - (width - 1) / 2
    r2 = (x * x + y * y) / ((width / 2) ** 2 + (height / 2) ** 2)
    return np.asarray(1 - strength * r2, np.float32)[..., None]


def _defocus(light: F32, sigma_px: float) -> F32:
    reach = int(np.ceil(2.5 * sigma_px))
    if sigma_px < 0.25 or reach < 1:
        return light
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (at / sigma_px) ** 2)
    weights /= weights.sum()
    down = _average(light, [(int(k), 0) for k in at], weights)
    return _average(down, [(0, int(k)) for k in at], weights)


def _motion(light: F32, length_px: float, angle: float) -> F32:
    taps = int(length_px) | 1
    if taps < 2:
        return light
    along = np.linspace(-length_px / 2, length_px / 2, taps)
    shifts = [(round(t * np.sin(angle)), round(t * np.cos(angle))) for t in along]
    return _average(light, shifts, np.full(taps, 1 / taps))


def _average(light: F32, shifts: list[tuple[int, int]], weights: NDArray[np.float64]) -> F32:
    """Return the weighted sum of copies moved by (rows, columns), edges repeated."""
    height, width = light.shape[:2]
    reach = max(max(abs(r), abs(c)) for r, c in shifts)
    padded = np.pad(light, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    out = np.zeros_like(light)
    for (r, c), weight in zip(shifts, weights, strict=True):
        top, left = reach + r, reach + c
        out += np.float32(weight) * padded[top : top + height, left : left + width]
    return out
