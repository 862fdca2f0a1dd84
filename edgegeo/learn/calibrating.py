"""Fit what turns scores into probabilities: on validation frames, never on the ones reported."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgegeo import fix, geodesy
from edgegeo.calibration import Calibration
from edgegeo.learn import fusion

Floats = NDArray[np.float64]

NEAR_M, FAR_M = 20.0, 50.0
ALLOWED_MISLEADING = 0.004  # share of frames, on the map and off it: under the goal of 0.01


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """One validation frame: its candidates, and where it truly was (None: not on this map)."""

    ranked: fix.Ranked
    places: fix.Places
    tile_m: float
    truth: tuple[float, float] | None
    place: str

    @property
    def errors_m(self) -> Floats:
        """(p,) of each candidate; infinite off the map."""
        if self.truth is None:
            return np.full(len(self.places.lat_deg), np.inf)
        return geodesy.distance_m(self.places.lat_deg, self.places.lon_deg, *self.truth)


def fit(samples: Sequence[Sample]) -> Calibration:
    """Fusion weights first, then probabilities on top of them, then sigmas and the threshold."""
    calibration = fit_fusion(samples)
    if not calibration.relevance_weight:
        samples = [without_ranker(s) for s in samples]
    evidence = [fix.weigh(s.ranked, s.places, s.tile_m, calibration) for s in samples]
    both = zip(samples, evidence, strict=True)
    errors = np.array([s.errors_m[e.best] for s, e in both])
    features = np.array([e.features for e in evidence])
    weights = fit_logistic(features, errors <= NEAR_M, weight_of(samples))
    calibration = replace(calibration, probability_weights=tuple(float(w) for w in weights))
    calibration = fit_sigma(samples, evidence, errors, calibration)
    p = 1 / (1 + np.exp(-features @ weights))
    return replace(calibration, accept=threshold(p, errors, samples))


def weight_of(samples: Sequence[Sample]) -> Floats:
    """Frames on the map count twice as much in all as frames off it."""
    on = np.array([s.truth is not None for s in samples])
    shares = np.where(on, 2.0 / max(on.sum(), 1), 1.0 / max((~on).sum(), 1))
    return np.asarray(shares * len(samples) / 3, np.float64)


def fit_fusion(samples: Sequence[Sample]) -> Calibration:
    """Weights of ranking and retrieval that lose no Recall@1; see `fusion.fit_fusion`.

    Frames off the map have no say in it.
    """
    placed = [s for s in samples if s.truth is not None]
    if not placed:
        return Calibration()
    fitted = fusion.fit_fusion([frame_scores(s) for s in placed])
    return Calibration(
        relevance_weight=fitted.relevance_weight, retrieval_weight=fitted.retrieval_weight
    )


def frame_scores(s: Sample) -> fusion.FrameScores:
    """What the fusion is fitted on: a position is right within half a tile, as in evaluation."""
    assert s.truth is not None
    found_m = geodesy.distance_m(s.ranked.found_lat_deg, s.ranked.found_lon_deg, *s.truth)
    return fusion.FrameScores(
        relevance=s.places.relevance,
        retrieval=s.ranked.retrieval,
        near=s.errors_m <= NEAR_M,
        right_found=found_m <= s.tile_m / 2,
        right_ranked=s.errors_m <= s.tile_m / 2,
        block=s.place,
    )


def without_ranker(s: Sample) -> Sample:
    """The same frame as `locate` sees it where the ranker has no weight."""
    ranked = fix.as_found(s.ranked, s.tile_m)
    return replace(s, ranked=ranked, places=fix.combine(ranked, s.tile_m))


def fit_logistic(
    features: Floats, right: NDArray[np.bool_], weight: Floats, ridge: float = 1.0
) -> Floats:
    """Logistic regression by Newton's method; `ridge` holds all but the bias towards 0."""
    pull = np.full(features.shape[1], ridge)
    pull[0] = 1e-6
    w = np.zeros(features.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(features @ w, -30, 30)))
        gradient = features.T @ (weight * (right - p)) - pull * w
        curvature = (features * (weight * p * (1 - p))[:, None]).T @ features + np.diag(pull)
        step = np.linalg.solve(curvature, gradient)
        w = w + step
        if np.abs(step).max() < 1e-9:
            break
    return w


def fit_sigma(
    samples: Sequence[Sample],
    evidence: Sequence[fix.Evidence],
    errors: Floats,
    calibration: Calibration,
) -> Calibration:
    """Scale and floor under which 0.39 and 0.86 of the errors lie inside 1 and 2 sigma."""
    rows = []
    for s, e, error in zip(samples, evidence, errors, strict=True):
        if s.truth is not None and error <= NEAR_M:
            lat, lon = s.places.lat_deg[e.best], s.places.lon_deg[e.best]
            east, north = geodesy.enu_from_geo(lat, lon, *s.truth)
            rows.append((float(east), float(north), *s.places.cov_m2[e.best], s.tile_m))
    table = np.array(rows)
    best = (np.inf, calibration)
    for scale, floor in itertools.product(np.geomspace(0.3, 6, 25), np.linspace(0.0, 0.06, 25)):
        squared = mahalanobis_squared(table, float(scale), float(floor))
        miss = (np.mean(squared <= 1) - 0.393) ** 2 + (np.mean(squared <= 4) - 0.865) ** 2
        # Among equals the likelier: the floor must not swallow what the scale says.
        cost = miss + 1e-4 * likelihood_cost(table, float(scale), float(floor))
        if cost < best[0]:
            best = (
                cost,
                replace(calibration, sigma_scale=float(scale), sigma_floor=float(floor)),
            )
    return best[1]


def scaled(table: Floats, scale: float, floor: float) -> tuple[Floats, Floats, Floats]:
    own = (floor * table[:, 5]) ** 2 + 1e-9
    return scale**2 * table[:, 2] + own, scale**2 * table[:, 3], scale**2 * table[:, 4] + own


def mahalanobis_squared(table: Floats, scale: float, floor: float) -> Floats:
    ee, en, nn = scaled(table, scale, floor)
    e, n = table[:, 0], table[:, 1]
    return np.asarray((nn * e * e - 2 * en * e * n + ee * n * n) / (ee * nn - en * en))


def likelihood_cost(table: Floats, scale: float, floor: float) -> float:
    ee, en, nn = scaled(table, scale, floor)
    spread = np.log(ee * nn - en * en)
    return float(np.mean(spread + np.minimum(mahalanobis_squared(table, scale, floor), 25)) / 2)


def threshold(p: Floats, errors: Floats, samples: Sequence[Sample]) -> float:
    """The least probability to accept at which few enough val frames mislead, 0.5 at least."""
    on = np.array([s.truth is not None for s in samples])
    for accept in np.arange(0.5, 0.991, 0.01):
        taken = p >= accept
        wrong_on = np.mean((taken & (errors > FAR_M))[on]) if on.any() else 0.0
        wrong_off = np.mean(taken[~on]) if (~on).any() else 0.0
        if max(float(wrong_on), float(wrong_off)) <= ALLOWED_MISLEADING:
            return round(float(accept), 2)
    return 0.99
