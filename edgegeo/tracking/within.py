"""The probability that a Gaussian lies in a circle."""

import math

import numpy as np
from numpy.typing import NDArray

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def within(mean_m: NDArray[np.float64], cov_m2: NDArray[np.float64], radius_m: float) -> float:
    """Return P(|x| <= radius_m) of x ~ N(mean_m (2,), cov_m2 (2, 2)), to about 1e-4.

    Gauss-Legendre quadrature along one principal axis, the error function along the other.

    >>> round(within(np.zeros(2), np.eye(2), 2.0), 4)  # 1 - exp(-2)
    0.8647
    """
    variance, axes = np.linalg.eigh(cov_m2)
    small, large = np.sqrt(np.maximum(variance, 1e-12))
    along, across = (float(v) for v in axes.T[::-1] @ mean_m)
    low, high = max(-radius_m, along - 6 * large), min(radius_m, along + 6 * large)
    if low >= high:
        return 0.0
    total = 0.0
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        x = (low + high) / 2 + (high - low) / 2 * node
        half = math.sqrt(max(radius_m**2 - x**2, 0.0))
        up = math.erf((half - across) / (math.sqrt(2) * small))
        down = math.erf((-half - across) / (math.sqrt(2) * small))
        total += weight * math.exp(-0.5 * ((x - along) / large) ** 2) * (up - down) / 2
    return float(min(1.0, total * (high - low) / 2 / (large * math.sqrt(2 * math.pi))))
