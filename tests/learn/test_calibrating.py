"""The fits give back what the samples were made with."""

import numpy as np
import pytest

from edgegeo import fix, geodesy
from edgegeo.learn import calibrating
from edgegeo.learn.calibrating import Sample

LAT, LON, TILE_M = 34.0, -117.0, 48.0


def sample(rng, on_map, sigma_m=2.0, true_sigma_m=3.0, n=0):
    """One right candidate with high relevance among wrong ones; off the map only wrong ones."""
    k = 8
    east, north = rng.uniform(-2000, 2000, (2, k))
    relevance = rng.normal(0, 1.5, k)
    truth = None
    if on_map:
        truth = (LAT, LON)
        east[0], north[0] = rng.normal(0, true_sigma_m, 2)
        relevance[0] = rng.normal(6, 2.5)
    lat, lon = geodesy.geo_from_enu(east, north, LAT, LON)
    ranked = fix.Ranked(
        tile=np.arange(k),
        lat_deg=lat,
        lon_deg=lon,
        retrieval=rng.uniform(0.2, 0.6, k),
        relevance=relevance,
        sigma_m=np.full(k, sigma_m),
    )
    return Sample(ranked=ranked, tile_m=TILE_M, truth=truth, place=str(n))


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    return [sample(rng, n % 3 != 0, n=n) for n in range(900)]


@pytest.fixture(scope="module")
def fitted(samples):
    return calibrating.fit(samples[:600])


def test_probabilities_are_right_on_frames_not_fitted_on(samples, fitted):
    p, right = [], []
    for s in samples[600:]:
        evidence = fix.weigh(s.ranked, s.tile_m, fitted)
        p.append(fitted.probability(evidence.features))
        right.append(s.error_m(evidence.lat_deg, evidence.lon_deg) <= 20)
    p, right = np.array(p), np.array(right)
    for low, high in ((0.0, 0.3), (0.7, 1.0)):
        taken = (p >= low) & (p <= high)
        assert p[taken].mean() == pytest.approx(right[taken].mean(), abs=0.08)


def test_sigma_takes_up_what_the_candidates_understate(samples, fitted):
    inside = []
    for s in samples[600:]:
        evidence = fix.weigh(s.ranked, s.tile_m, fitted)
        if s.error_m(evidence.lat_deg, evidence.lon_deg) <= 20:
            east, north = geodesy.enu_from_geo(evidence.lat_deg, evidence.lon_deg, LAT, LON)
            ee, _, nn = fix.calibrated_cov(evidence.cov_m2, TILE_M, fitted)
            inside.append(east**2 / ee + north**2 / nn <= 1)
    assert np.mean(inside) == pytest.approx(0.39, abs=0.08)


def test_the_threshold_keeps_wrong_answers_rare(samples, fitted):
    wrong = taken = 0
    for s in samples[600:]:
        evidence = fix.weigh(s.ranked, s.tile_m, fitted)
        if fitted.probability(evidence.features) >= fitted.accept:
            taken += 1
            wrong += s.error_m(evidence.lat_deg, evidence.lon_deg) > 50
    assert taken > 120
    assert wrong <= 0.02 * 300


def test_logistic_regression_by_hand():
    # Two groups of four: 1 of 4 and 3 of 4 right; without a pull the odds are 1/3 and 3.
    features = np.array([[1.0, 0.0]] * 4 + [[1.0, 1.0]] * 4)
    right = np.array([1, 0, 0, 0, 1, 1, 1, 0], bool)
    w = calibrating.fit_logistic(features, right, np.ones(8), ridge=1e-9)
    assert w == pytest.approx([-np.log(3), 2 * np.log(3)], abs=1e-4)
