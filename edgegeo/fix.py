"""From ranked candidates to a position with an uncertainty, or to a reject."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy
from edgegeo.calibration import Calibration
from edgegeo.types import Candidate, Fix, Reject, Timings

Floats = NDArray[np.float64]

NEAR_M = 20.0  # `Fix.probability` is about errors up to this
CLUSTER_TILES = 1 / 8  # candidates this close, in tile sides, say the same


@dataclass(frozen=True, eq=False, kw_only=True)
class Ranked:
    """K candidates with what retrieval and ranking say of them, in any order.

    tile (k,) gallery rows; lat_deg, lon_deg (k,) where each puts the frame's centre; retrieval
    (k,) cosines; relevance (k,) log-odds; sigma_m (k,) standard deviation along each axis.
    """

    tile: NDArray[np.int64]
    lat_deg: Floats
    lon_deg: Floats
    retrieval: Floats
    relevance: Floats
    sigma_m: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """What a frame's candidates say together. `features` are named in calibration.FEATURES."""

    order: NDArray[np.int64]  # (k,) candidates by score, best first
    scores: Floats  # (k,) fused log-scores, in the order of the candidates
    lat_deg: float
    lon_deg: float
    cov_m2: tuple[float, float, float]  # as the candidates have it, not yet calibrated
    features: tuple[float, ...]
    rival: float  # posterior mass of the strongest other place over that of the best


def weigh(ranked: Ranked, tile_m: float, calibration: Calibration) -> Evidence:
    """Fuse the scores and let neighbouring tiles, which see the same ground, vote together.

    Scores are log-odds against "nowhere", so softmax over the candidates and nowhere is a
    posterior. The position is the posterior mean of the cluster around the best candidate, the
    covariance that of the mixture inside it.
    """
    scores = (
        calibration.relevance_weight * ranked.relevance
        + calibration.retrieval_weight * ranked.retrieval
        - calibration.nowhere
    )
    order = np.argsort(-scores, kind="stable")
    best = order[0]
    top = max(float(scores[best]), 0.0)
    mass = np.exp(scores - top)
    mass /= mass.sum() + math.exp(-top)

    east, north = geodesy.enu_from_geo(
        ranked.lat_deg, ranked.lon_deg, ranked.lat_deg[best], ranked.lon_deg[best]
    )
    inside = np.hypot(east, north) <= CLUSTER_TILES * tile_m
    weight = mass[inside] / ranked.sigma_m[inside] ** 2
    weight /= weight.sum()
    e0, n0 = float(weight @ east[inside]), float(weight @ north[inside])
    e, n = east[inside] - e0, north[inside] - n0
    own = float(weight @ ranked.sigma_m[inside] ** 2)
    cov = (own + float(weight @ (e * e)), float(weight @ (e * n)), own + float(weight @ (n * n)))

    away = np.hypot(east - e0, north - n0)
    near = float(mass[away <= NEAR_M].sum())
    rivals = mass[away > max(NEAR_M, tile_m / 2)]
    rival = float(rivals.max()) if len(rivals) else 0.0
    lat, lon = geodesy.geo_from_enu(e0, n0, ranked.lat_deg[best], ranked.lon_deg[best])
    features = (
        1.0,
        logit(near),
        float(ranked.relevance[best]) / 10,
        10 * float(ranked.retrieval[best]) - 5,
        math.log(inside.sum()),
        math.log(math.sqrt(own) / tile_m) + 4,
    )
    return Evidence(
        order=order,
        scores=scores,
        lat_deg=float(lat),
        lon_deg=float(lon),
        cov_m2=cov,
        features=features,
        rival=rival / max(float(mass[inside].max()), 1e-12),
    )


def logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def calibrated_cov(
    cov_m2: tuple[float, float, float], tile_m: float, calibration: Calibration
) -> tuple[float, float, float]:
    """Scale the candidates' own covariance to what errors on validation data were."""
    scale, floor = calibration.sigma_scale**2, (calibration.sigma_floor * tile_m) ** 2
    ee, en, nn = cov_m2
    return scale * ee + floor, scale * en, scale * nn + floor


def decide(
    ranked: Ranked, evidence: Evidence, tile_m: float, calibration: Calibration, **about: Any
) -> Fix:
    """Accept or reject, by the calibrated probability alone; `about` goes into the Fix."""
    probability = calibration.probability(evidence.features)
    reject = None
    if probability < calibration.accept:
        reject = Reject.AMBIGUOUS if evidence.rival > 0.5 else Reject.LOW_SCORE
    candidates = tuple(
        Candidate(
            tile=int(ranked.tile[i]),
            lat_deg=float(ranked.lat_deg[i]),
            lon_deg=float(ranked.lon_deg[i]),
            retrieval=float(ranked.retrieval[i]),
            score=float(evidence.scores[i]),
        )
        for i in evidence.order
    )
    return Fix(
        lat_deg=evidence.lat_deg,
        lon_deg=evidence.lon_deg,
        cov_m2=calibrated_cov(evidence.cov_m2, tile_m, calibration),
        probability=probability,
        reject=reject,
        candidates=candidates,
        reranked=True,
        **about,
    )


def nothing(reject: Reject, time_us: int, timings: Timings) -> Fix:
    """A reject without a position: there was no candidate to guess from."""
    return Fix(
        time_us=time_us,
        lat_deg=None,
        lon_deg=None,
        cov_m2=None,
        probability=0.0,
        reject=reject,
        timings_ms=timings,
    )
