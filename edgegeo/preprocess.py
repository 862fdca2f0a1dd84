"""Pixels to the network's input: the same few lines for tiles, frames and training."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import ShapeError

MEAN = 0.5
STD = 0.25
PREPROCESSING: dict[str, Any] = {
    "channels": ["red", "green", "blue", "coverage"],
    "mean": MEAN,
    "std": STD,
}


def network_input(rgb: NDArray[np.uint8], valid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (4, h, w) float32 input of the encoder for one picture.

    Args:
        rgb: (h, w, 3) uint8, red first.
        valid: (h, w) float32, share of each pixel that shows the ground, in [0, 1].

    Colours become (value / 255 - 0.5) / 0.25; where the coverage is 0 they are 0.

    >>> white = np.full((1, 2, 3), 255, np.uint8)
    >>> network_input(white, np.array([[1, 0]], np.float32))[:, 0].tolist()
    [[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [1.0, 0.0]]
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ShapeError.of("rgb", "(h, w, 3) uint8", f"{rgb.shape} {rgb.dtype}")
    if valid.shape != rgb.shape[:2]:
        raise ShapeError.of("valid", str(rgb.shape[:2]), valid.shape)
    out = np.empty((4, *valid.shape), np.float32)
    np.multiply(rgb.transpose(2, 0, 1), np.float32(1 / (255 * STD)), out=out[:3])
    out[:3] -= np.float32(MEAN / STD)
    out[:3, valid <= 0] = 0.0
    out[3] = valid
    return out


def grey_detail(rgb: NDArray[np.uint8], valid: NDArray[np.float32]) -> float:
    """Return the standard deviation of grey, in units of 0 to 1, over the valid part."""
    weight = float(valid.sum())
    if weight == 0:
        return 0.0
    grey = rgb @ np.array([0.299, 0.587, 0.114], np.float32) / np.float32(255)
    mean = float((grey * valid).sum()) / weight
    return float(np.sqrt(float(((grey - mean) ** 2 * valid).sum()) / weight))


def thumbnail(rgb: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Return a square picture shrunk to (side_px, side_px, 3) by averaging, for reports."""
    size = rgb.shape[0]
    if size % side_px == 0:
        n = size // side_px
        blocks = rgb.reshape(side_px, n, side_px, n, 3).mean(axis=(1, 3))
        return np.asarray(np.rint(blocks), np.uint8)
    nearest = ((np.arange(side_px) + 0.5) * size / side_px).astype(np.intp)
    return np.ascontiguousarray(rgb[nearest][:, nearest])
