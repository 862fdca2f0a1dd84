"""What light, air, lens and camera do to a picture of the same ground.

Pictures are (n, n, 3) float32 RGB in [0, 1]; nothing here moves a pixel.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Rng = np.random.Generator


def light(picture: Picture, rng: Rng, strength: float) -> Picture:
    """Exposure, contrast, gamma, white balance, saturation, haze, and a slope of light."""
    gain = np.exp(rng.normal(0, 0.18 * strength, 3) * 0.5 + rng.normal(0, 0.2 * strength))
    picture = np.clip(picture * gain.astype(np.float32), 0, 1.5)
    picture = np.power(picture, np.float32(np.exp(rng.normal(0, 0.3 * strength))))
    grey = picture.mean(2, keepdims=True)
    saturation = 0.0 if rng.random() < 0.08 * strength else np.exp(rng.normal(0, 0.4 * strength))
    picture = grey + (picture - grey) * np.float32(saturation)
    if rng.random() < 0.3 * strength:  # vegetation and soil of another season, or infrared
        mix = np.eye(3) + rng.normal(0, 0.2, (3, 3))
        picture = picture @ (mix / mix.sum(1, keepdims=True)).astype(np.float32).T
    if rng.random() < 0.4 * strength:
        haze = rng.uniform(0, 0.5)
        air = rng.uniform(0.5, 0.95) + rng.normal(0, 0.03, 3)
        picture = picture * (1 - haze) + np.asarray(air * haze, np.float32)
    if rng.random() < 0.4 * strength:
        n = len(picture)
        y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j].astype(np.float32)
        a, b, c = rng.normal(0, 0.25, 3)
        slope = a * x + b * y - abs(c) * (x * x + y * y)
        picture = picture * np.clip(1 + slope, 0.3, 1.7)[..., None].astype(np.float32)
    return np.asarray(picture, np.float32)


def lens(picture: Picture, rng: Rng, strength: float) -> Picture:
    """Defocus, motion blur, a coarser original, oversharpening, noise, JPEG blocks."""
    if rng.random() < 0.4:
        picture = blurred(picture, rng.uniform(0.3, 0.4 + 1.3 * strength))
    elif rng.random() < 0.3:
        edges = picture - blurred(picture, 1.2)
        picture = picture + np.float32(rng.uniform(0.3, 1.5)) * edges
    if rng.random() < 0.2 * strength:
        length = int(rng.integers(2, 6))
        kernel = np.zeros((7, 7), np.float32)
        angle = rng.uniform(0, np.pi)
        dx, dy = (round(float(length * f(angle) / 2)) for f in (np.cos, np.sin))
        cv2.line(kernel, (3 - dx, 3 - dy), (3 + dx, 3 + dy), 1.0)
        picture = np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)
    if rng.random() < 0.2 * strength:
        n = len(picture)
        small = int(n * rng.uniform(0.4, 0.8))
        coarse = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = np.asarray(cv2.resize(coarse, (n, n)), np.float32)
    if rng.random() < 0.5:
        noise = rng.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + noise * np.float32(rng.uniform(0, 0.06 * strength))
    picture = np.clip(picture, 0, 1)
    if rng.random() < 0.3 * strength:
        quality = int(rng.integers(20, 80))
        coded = cv2.imencode(".jpg", (picture * 255).astype(np.uint8), [1, quality])[1]
        decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.float32)
        picture = decoded / np.float32(255)
    return np.asarray(picture, np.float32)


def blurred(picture: Picture, sigma_px: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.float32)


def overlay(picture: Picture, rng: Rng) -> Picture:
    """A logo, a line of text, a bar, a cloud's shadow, or a moving thing the map has not."""
    n = len(picture)
    colour = tuple(int(c) for c in rng.integers(0, 256, 3))
    x, y = (int(v) for v in rng.integers(0, n, 2))
    layer = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    kind = rng.integers(4)
    if kind == 0:
        cv2.putText(layer, "EDGE 12.3m", (x - 30, y), 0, rng.uniform(0.3, 0.8), colour, 1)
    elif kind == 1:
        w, h = (int(v) for v in rng.integers(4, n // 4, 2))
        cv2.rectangle(layer, (x, y), (x + w, y + h), colour, -1)
    elif kind == 2:
        axes = tuple(int(v) for v in rng.integers(n // 8, n // 2, 2))
        shadow = np.ones((n, n), np.float32)
        cv2.ellipse(shadow, (x, y), axes, rng.uniform(0, 180), 0, 360, rng.uniform(0.4, 0.8), -1)
        return picture * blurred(shadow, 3)[..., None]
    else:
        for _ in range(int(rng.integers(1, 6))):
            cx, cy, r = int(rng.integers(n)), int(rng.integers(n)), int(rng.integers(1, 6))
            cv2.circle(layer, (cx, cy), r, colour, -1)
    alpha = np.float32(rng.uniform(0.4, 1.0))
    return np.asarray(picture * (1 - alpha) + layer.astype(np.float32) / 255 * alpha, np.float32)
