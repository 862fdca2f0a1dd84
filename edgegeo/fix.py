"""From ranked candidates to a position with an uncertainty, or to a reject."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy
from edgegeo.calibration import FEATURES, Calibration
from edgegeo.types import Candidate, Fix, Reject, Timings

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

NEAR_M = 20.0  # `Fix.probability` is about errors up to this
AGREE_TILES = 1 / 8  # crops this close, in tile sides, put the frame at the same place
AMBIGUOUS_LEAD = 0.1  # tens of log-odds by which the best place is ahead of another
VIEW_SIGMA = 0.06  # relative error of scale, and of heading in radians, that ranking leaves
FOUND_SIGMA_TILES = 3 / 16 / math.sqrt(12)  # retrieval's raster: shifts by 3 of a tile's 16 tokens
LEAST = 0.0  # log-odds: a crop that speaks against a place may look at what has been rebuilt


@dataclass(frozen=True, eq=False, kw_only=True)
class Ranked:
    """n pairs of a crop and a tile, in any order, and the p candidate positions they belong to.

    Of each pair: place (n,) which candidate; tile (n,) gallery row; lat_deg, lon_deg (n,) where
    it puts the frame's centre; relevance (n,) log-odds; sigma_m (n,) standard deviation along
    each axis; crop_px (n,) complex, right + i up, the crop's centre from the frame's in its
    pixels; view (n,) complex, which times crop_px gives east + i north in metres.

    Of each candidate: retrieval (p,) mean cosine; found_lat_deg, found_lon_deg (p,) where
    retrieval alone puts the frame's centre. `crops` is how many the frame was cut into.
    """

    place: NDArray[np.int64]
    tile: NDArray[np.int64]
    lat_deg: Floats
    lon_deg: Floats
    relevance: Floats
    sigma_m: Floats
    crop_px: Complex
    view: Complex
    crops: int
    retrieval: Floats
    found_lat_deg: Floats
    found_lon_deg: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Places:
    """What the crops say together of each of p candidates. Nothing fitted enters here.

    relevance (p,) sum over the crops of their log-odds; agreeing (p,) how many of them; tile (p,)
    that of the surest crop; lat_deg, lon_deg (p,); cov_m2 (p, 3) as (ee, en, nn).
    """

    relevance: Floats
    agreeing: NDArray[np.int64]
    tile: NDArray[np.int64]
    lat_deg: Floats
    lon_deg: Floats
    cov_m2: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """What a frame's candidates say together. `features` are named in calibration.FEATURES."""

    order: NDArray[np.int64]  # (p,) candidates by score, best first
    scores: Floats  # (p,) fused log-scores, in the order of the candidates
    best: int
    features: tuple[float, ...]


def as_found(ranked: Ranked, tile_m: float, first: int = 0) -> Ranked:
    """Return what is known where the ranker has spoken of the `first` candidates only: the pairs
    of all others lie where retrieval found them, without odds."""
    of = ranked.place
    silent = of >= first
    return replace(
        ranked,
        lat_deg=np.where(silent, ranked.found_lat_deg[of], ranked.lat_deg),
        lon_deg=np.where(silent, ranked.found_lon_deg[of], ranked.lon_deg),
        relevance=np.where(silent, 0.0, ranked.relevance),
        sigma_m=np.where(silent, FOUND_SIGMA_TILES * tile_m, ranked.sigma_m),
        crop_px=np.where(silent, 0.0, ranked.crop_px),  # it is the frame's centre that was found
    )


def combine(ranked: Ranked, tile_m: float) -> Places:
    """Let the crops of each candidate vote: those that agree with the surest are averaged.

    A crop that says less than LEAST, puts the frame elsewhere, or found no tile there counts
    LEAST.
    """
    count = len(ranked.retrieval)
    relevance, agreeing = np.full(count, ranked.crops * LEAST), np.zeros(count, np.int64)
    centre, cov = np.zeros(count, np.complex128), np.zeros((count, 3))
    pairs = [np.flatnonzero(ranked.place == p) for p in range(count)]
    best = np.array([of[ranked.relevance[of].argmax()] for of in pairs], np.int64)
    with_best = best[ranked.place]
    east, north = geodesy.enu_from_geo(
        ranked.lat_deg, ranked.lon_deg, ranked.lat_deg[with_best], ranked.lon_deg[with_best]
    )
    at = east + 1j * north
    agrees = np.abs(at) <= AGREE_TILES * tile_m
    for p in range(count):
        of = pairs[p][agrees[pairs[p]]]
        relevance[p] += (np.maximum(ranked.relevance[of], LEAST) - LEAST).sum()
        agreeing[p] = len(of)
        centre[p], cov[p] = frame_centre(
            at[of] + ranked.crop_px[of] * ranked.view[of],
            ranked.crop_px[of] * mean_view(ranked.view[of]),
            ranked.sigma_m[of] ** 2,
        )
    lat, lon = geodesy.geo_from_enu(
        centre.real, centre.imag, ranked.lat_deg[best], ranked.lon_deg[best]
    )
    return Places(
        relevance=relevance,
        agreeing=agreeing,
        tile=ranked.tile[best],
        lat_deg=lat,
        lon_deg=lon,
        cov_m2=cov,
    )


def mean_view(view: Complex) -> complex:
    """Return the mean of headings that are close together, and of scales, in logarithms."""
    return complex(view[0] * np.exp(np.log(view / view[0]).mean()))


def frame_centre(
    at: Complex, crop: Complex, variance: Floats
) -> tuple[complex, tuple[float, float, float]]:
    """Fit the similarity at = centre + z * crop by least squares; return the centre and its
    covariance (ee, en, nn).

    at (n,) where the crops' centres lie on the map, crop (n,) from the frame's centre, both
    east + i north in metres. z is near 1, to VIEW_SIGMA: heading and scale are known that well,
    and crops far apart tell them better. The covariance is the crops' own and that of what the
    fit leaves over, and for crops to one side of the centre that of z.
    """
    weight = 1 / variance / (1 / variance).sum()
    mean_at, mean_crop = weight @ at, weight @ crop
    out, stiff = crop - mean_crop, VIEW_SIGMA**-2 / (1 / variance).sum()
    spread = float(weight @ np.abs(out) ** 2) + stiff
    z = (weight @ (out.conj() * (at - mean_at)) + stiff) / spread
    centre = mean_at - z * mean_crop
    left = at - centre - z * crop
    own = float(weight @ variance)
    own += abs(mean_crop) ** 2 / spread / float((1 / variance).sum())
    ee, nn = weight @ left.real**2, weight @ left.imag**2
    return complex(centre), (own + ee, weight @ (left.real * left.imag), own + nn)


def weigh(ranked: Ranked, places: Places, tile_m: float, calibration: Calibration) -> Evidence:
    """Fuse the scores, and say how far the best candidate is ahead of any other place.

    The lead over the runner-up tells more than the score itself: a frame with little to go by,
    or from off the map, is somewhat like many places (the ratio test of feature matching).
    """
    scores = (
        calibration.relevance_weight * places.relevance
        + calibration.retrieval_weight * ranked.retrieval
    )
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    away = geodesy.distance_m(
        places.lat_deg, places.lon_deg, places.lat_deg[best], places.lon_deg[best]
    )
    rivals = elsewhere(away, tile_m)
    ee, _, nn = places.cov_m2[best]
    features = (
        1.0,
        ahead(places.relevance, best, rivals, alone=ranked.crops * LEAST) / 10,
        float(places.relevance[best]) / 10,
        10 * ahead(ranked.retrieval, best, rivals, alone=float(ranked.retrieval[best])),
        float(places.agreeing[best]) / ranked.crops,
        math.log(math.sqrt((ee + nn) / 2) / tile_m) + 4,
    )
    return Evidence(order=order, scores=scores, best=best, features=features)


def elsewhere(away_m: Floats, tile_m: float) -> NDArray[np.bool_]:
    """Which candidates, this far from the best, are another place."""
    return away_m > max(NEAR_M, tile_m / 2)


def ahead(values: Floats, best: int, rivals: NDArray[np.bool_], alone: float) -> float:
    """How much more `best` has than the first of its rivals; than `alone` where there is none."""
    return float(values[best] - (values[rivals].max() if rivals.any() else alone))


def calibrated_cov(
    cov_m2: tuple[float, float, float], tile_m: float, calibration: Calibration
) -> tuple[float, float, float]:
    """Scale the candidates' own covariance to what errors on validation data were."""
    scale, floor = calibration.sigma_scale**2, (calibration.sigma_floor * tile_m) ** 2
    ee, en, nn = cov_m2
    return scale * ee + floor, scale * en, scale * nn + floor


def decide(
    ranked: Ranked,
    places: Places,
    evidence: Evidence,
    tile_m: float,
    calibration: Calibration,
    **about: Any,
) -> Fix:
    """Accept or reject, by the calibrated probability alone; `about` goes into the Fix."""
    probability = calibration.probability(evidence.features)
    reject = None
    if probability < calibration.accept:
        ambiguous = evidence.features[FEATURES.index("lead")] < AMBIGUOUS_LEAD
        reject = Reject.AMBIGUOUS if ambiguous else Reject.LOW_SCORE
    candidates = tuple(
        Candidate(
            tile=int(places.tile[i]),
            lat_deg=float(places.lat_deg[i]),
            lon_deg=float(places.lon_deg[i]),
            found_lat_deg=float(ranked.found_lat_deg[i]),
            found_lon_deg=float(ranked.found_lon_deg[i]),
            retrieval=float(ranked.retrieval[i]),
            score=float(evidence.scores[i]),
        )
        for i in evidence.order
    )
    ee, en, nn = places.cov_m2[evidence.best].tolist()
    return Fix(
        lat_deg=float(places.lat_deg[evidence.best]),
        lon_deg=float(places.lon_deg[evidence.best]),
        cov_m2=calibrated_cov((ee, en, nn), tile_m, calibration),
        probability=probability,
        reject=reject,
        candidates=candidates,
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
