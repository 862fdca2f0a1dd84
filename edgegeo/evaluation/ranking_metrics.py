"""The field's metrics of a ranked gallery, each once, under the name of whose it is.

Where the official code errs, a docstring says how, and what is done here. Shares lie in
[0, 1]. Distances are (q, k) float64, one row a query, its candidates best first; a metric at
K takes the first K columns. Recall@K is `evaluation.metrics.recall_at`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgegeo.errors import RangeError, ShapeError
from edgegeo.evaluation.metrics import rate
from edgegeo.geodesy import WGS84_A_M

DENSEUAV_PER_DEGREE = 5e3  # decay of SDM@K with the distance in degrees
GAME4LOC_PER_M = 1e-3  # decay of SDM@K with the distance in metres
PDM_SLOPE, PDM_MIDDLE = 6.0, 0.9
RDS_DECAY = 10.0


def k_of_one_percent(n: int) -> int:
    """Return the K of Recall@1 %: 1 % of a gallery of `n`, rounded, at least 1.

    >>> k_of_one_percent(951)
    10
    """
    return max(1, round(0.01 * n))


def k_of_published_top1(n: int) -> int:
    """Return the K that "Recall@top1" of the University-1652 family and Game4Loc stands for.

    Their code reads CMC[round(0.01 n)] counting from 0: one rank later than 1 %. Kept to
    compare with published figures, beside the right one.

    >>> k_of_published_top1(951)
    11
    """
    return round(0.01 * n) + 1


def ap_university(ranks: Sequence[int]) -> float:
    """Return the trapezoidal average precision of one query, as in University-1652.

    `ranks` are the places of its right images in the whole gallery, from 0, ascending. For
    the i-th of n at rank r: the mean of the precisions (i + 1) / (r + 1) and i / r (1 at the
    top), over n. Not sklearn's: an only right image at rank 1 gives 0.25, there 0.5.

    A query without a right image scores 0. The official code passes it over in the sum and
    counts it in the divisor; a set's reader here leaves it out of both.

    >>> ap_university([0]), ap_university([1]), ap_university([3])
    (1.0, 0.25, 0.125)
    """
    found = np.asarray(ranks, np.float64)
    i = np.arange(len(found))
    old = np.where(found > 0, i / np.maximum(found, 1), 1.0)
    return float(((i + 1) / (found + 1) + old).sum() / (2 * max(1, len(found))))


def ap_game4loc(ranks: Sequence[int]) -> float | None:
    """Return the average precision of one query, sklearn's, as Game4Loc has it.

    The mean over its right images, `ranks` as in `ap_university`, of the precision at each;
    None without one: such queries are no part of Game4Loc's mean.

    >>> ap_game4loc([0]), ap_game4loc([1]), ap_game4loc([0, 3])
    (1.0, 0.5, 0.75)
    """
    found = np.asarray(ranks, np.float64)
    return float(((np.arange(len(found)) + 1) / (found + 1)).mean()) if len(found) else None


def sdm_denseuav(distances_deg: ArrayLike, k: int) -> float:
    """Return DenseUAV's SDM@K: exp(-5000 d) weighted by 1 - i / K, d in degrees.

    A degree of longitude counts as one of latitude, whatever its length, so the score of an
    error depends on where and in which direction it is. The official code also casts the
    coordinates to float32, steps of 0.7 m at 120 degrees east; here they are float64. An
    error of 10 m to the north scores 0.64, in `sdm_game4loc` 0.99: never mix them.

    >>> round(sdm_denseuav([[0.0, 1e-4]], k=2), 4)  # (1 + 0.5 exp(-0.5)) / 1.5
    0.8688
    """
    return _weighted(np.exp(-DENSEUAV_PER_DEGREE * _first(distances_deg, k)))


def sdm_game4loc(distances_m: ArrayLike, k: int) -> float:
    """Return Game4Loc's SDM@K: exp(-0.001 d) weighted by K - i, d in metres.

    >>> round(sdm_game4loc([[0.0, 1000.0]], k=2), 4)  # (2 + exp(-1)) / 3
    0.7893
    """
    return _weighted(np.exp(-GAME4LOC_PER_M * _first(distances_m, k)))


def pdm(ratios: ArrayLike, k: int) -> float:
    """Return AnyVisLoc's PDM@K: sigmoid(-6 (rho - 0.9)) weighted by K - i.

    rho is the distance over the side of the candidate's tile.

    >>> round(pdm([[0.9]], k=1), 4), round(pdm([[0.0]], k=1), 4)
    (0.5, 0.9955)
    """
    rho = _first(ratios, k)
    return _weighted(1 / (1 + np.exp(np.minimum(PDM_SLOPE * (rho - PDM_MIDDLE), 700))))


def dis_m(distances_m: ArrayLike, k: int) -> float:
    """Return Game4Loc's Dis@K: the mean distance of the first K candidates, over all queries.

    Game4Loc's `get_dis_target` for UAV-VisLoc, which its log of single queries uses, takes the
    query's own latitude for the target's; the table's Dis@K does not.

    >>> dis_m([[1.0, 3.0], [5.0, 7.0]], k=2)
    4.0
    """
    return float(_first(distances_m, k).mean())


def ma_denseuav(errors_m: ArrayLike, limit_m: float) -> float:
    """Return DenseUAV's MA@m: the share of first candidates strictly nearer than `limit_m`.

    `errors_m` (q,) are `haversine_m`.

    >>> ma_denseuav([4.9, 5.0, 80.0, 1.0], 5.0)
    0.5
    """
    return rate(np.asarray(errors_m, np.float64) < limit_m)


def haversine_m(lat_a: Any, lon_a: Any, lat_b: Any, lon_b: Any) -> NDArray[np.float64]:
    """Return great-circle distances on a sphere of 6378137 m, as DenseUAV measures MA@m.

    Up to 0.6 % off the ellipsoid, which `geodesy.distance_m` follows.

    >>> round(float(haversine_m(0.0, 0.0, 0.0, 1.0)), 1)
    111319.5
    """
    lat_a, lon_a, lat_b, lon_b = (
        np.radians(np.asarray(x, np.float64)) for x in (lat_a, lon_a, lat_b, lon_b)
    )
    half_lat, half_lon = np.sin((lat_a - lat_b) / 2), np.sin((lon_a - lon_b) / 2)
    inside = half_lat**2 + np.cos(lat_a) * np.cos(lat_b) * half_lon**2
    return np.asarray(2 * WGS84_A_M * np.arcsin(np.sqrt(np.minimum(inside, 1))), np.float64)


def rds(dx: ArrayLike, dy: ArrayLike) -> float:
    """Return the RDS of points found in an image: the mean of exp(-10 sqrt((dx^2 + dy^2) / 2)).

    `dx`, `dy` (q,) are errors as shares of the image's width and height. The official code
    rounds the label to whole pixels of a 400 px image first; here nothing is rounded.

    >>> round(rds([0.1], [0.1]), 4)  # exp(-1)
    0.3679
    """
    x, y = np.asarray(dx, np.float64), np.asarray(dy, np.float64)
    return float(np.exp(-RDS_DECAY * np.sqrt((x**2 + y**2) / 2)).mean())


def _first(values: ArrayLike, k: int) -> NDArray[np.float64]:
    x = np.asarray(values, np.float64)
    if x.ndim != 2 or not len(x):
        raise ShapeError.of("distances", "(q, k) and not empty", x.shape)
    if not 1 <= k <= x.shape[1]:
        raise RangeError.of("k", f"in [1, {x.shape[1]}]", k)
    return x[:, :k]


def _weighted(scores: NDArray[np.float64]) -> float:
    """Weigh candidate i of K by K - i; 1 - i / K is the same, K times smaller."""
    weights = np.arange(scores.shape[1], 0, -1)
    return float((scores @ weights / weights.sum()).mean())
