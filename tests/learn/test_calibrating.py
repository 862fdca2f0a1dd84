"""The fits give back what the samples were made with."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo import fix, geodesy
from edgegeo.learn import calibrating
from edgegeo.learn.calibrating import Sample

LAT, LON, TILE_M, CROPS = 34.0, -117.0, 48.0, 4


def sample(rng, on_map, sigma_m=2.0, true_sigma_m=3.0, n=0):
    """One right candidate with high relevance among wrong ones; off the map only wrong ones."""
    k = 8
    east, north = rng.uniform(-2000, 2000, (2, k))
    truth = None
    if on_map:
        truth, east[0], north[0] = (LAT, LON), 0.0, 0.0
    pairs = []
    for p in range(k):
        says = rng.normal(5, 2.5) if on_map and p == 0 else rng.normal(0, 1)
        for away in rng.normal(0, true_sigma_m, (rng.integers(1, CROPS + 1), 2)):
            pairs.append((p, east[p] + away[0], north[p] + away[1], says + rng.normal(0, 1)))
    place, east_m, north_m, relevance = map(np.array, zip(*pairs, strict=True))
    lat, lon = geodesy.geo_from_enu(east_m, north_m, LAT, LON)
    found_lat, found_lon = geodesy.geo_from_enu(east, north, LAT, LON)
    ranked = fix.Ranked(
        place=place,
        tile=np.arange(len(place)),
        lat_deg=lat,
        lon_deg=lon,
        relevance=relevance,
        sigma_m=np.full(len(place), sigma_m),
        crop_px=np.zeros(len(place), complex),
        view=np.ones(len(place), complex),
        crops=CROPS,
        retrieval=rng.uniform(0.2, 0.6, k),
        found_lat_deg=found_lat,
        found_lon_deg=found_lon,
    )
    places = fix.combine(ranked, TILE_M)
    return Sample(ranked=ranked, places=places, tile_m=TILE_M, truth=truth, place=str(n))


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    return [sample(rng, n % 3 != 0, n=n) for n in range(900)]


@pytest.fixture(scope="module")
def fitted(samples):
    return calibrating.fit(samples[:600])


def judged(samples, calibration):
    """Of each sample its evidence, its probability and the error of its best candidate."""
    for s in samples:
        evidence = fix.weigh(s.ranked, s.places, s.tile_m, calibration)
        p = calibration.probability(evidence.features)
        yield s, evidence, p, s.errors_m[evidence.best]


def test_errors_are_those_of_each_candidate_and_infinite_off_the_map():
    rng = np.random.default_rng(1)
    on, off = sample(rng, True), sample(rng, False)
    expected = geodesy.distance_m(on.places.lat_deg, on.places.lon_deg, LAT, LON)
    np.testing.assert_allclose(on.errors_m, expected)
    assert on.errors_m[0] < 20 < on.errors_m[1:].min()
    assert off.errors_m.tolist() == [np.inf] * 8


def test_probabilities_are_right_on_frames_not_fitted_on(samples, fitted):
    found = list(judged(samples[600:], fitted))
    p, right = np.array([p for *_, p, _ in found]), np.array([e <= 20 for *_, e in found])
    for low, high in ((0.0, 0.3), (0.7, 1.0)):
        taken = (p >= low) & (p <= high)
        assert p[taken].mean() == pytest.approx(right[taken].mean(), abs=0.08)


def test_sigma_is_scaled_to_what_the_errors_were(samples, fitted):
    inside = []
    for s, evidence, _, error_m in judged(samples[600:], fitted):
        if error_m <= 20:
            lat, lon = s.places.lat_deg[evidence.best], s.places.lon_deg[evidence.best]
            east, north = geodesy.enu_from_geo(lat, lon, LAT, LON)
            ee, en, nn = fix.calibrated_cov(tuple(s.places.cov_m2[evidence.best]), TILE_M, fitted)
            squared = np.linalg.solve([[ee, en], [en, nn]], [east, north]) @ [east, north]
            inside.append(squared <= 1)
    assert np.mean(inside) == pytest.approx(0.39, abs=0.08)


def test_the_threshold_keeps_wrong_answers_rare(samples, fitted):
    taken = [error_m for _, _, p, error_m in judged(samples[600:], fitted) if p >= fitted.accept]
    assert len(taken) > 100  # of 200 on the map
    assert sum(error_m > 50 for error_m in taken) <= 0.02 * 300


def test_fusion_leans_on_what_tells_right_from_wrong():
    rng = np.random.default_rng(2)
    frames = [sample(rng, True) for _ in range(200)]
    for s in frames:
        s.ranked.retrieval[:] = rng.permutation(s.ranked.retrieval)
    by_relevance = calibrating.fit_fusion(frames)
    for s in frames:
        s.places.relevance[:] = rng.permutation(s.places.relevance)
        s.ranked.retrieval[0] += 0.15
    by_retrieval = calibrating.fit_fusion(frames)
    assert by_relevance.relevance_weight > 2 * by_retrieval.relevance_weight
    assert by_retrieval.retrieval_weight > 2 * by_relevance.retrieval_weight


def test_frames_without_a_right_candidate_have_no_say_in_the_fusion(samples):
    on = [s for s in samples[:300] if s.errors_m.min() <= 20]
    assert calibrating.fit_fusion(samples[:300]) == calibrating.fit_fusion(on)


def test_logistic_regression_by_hand():
    # Two groups of four: 1 of 4 and 3 of 4 right; without a pull the odds are 1/3 and 3.
    features = np.array([[1.0, 0.0]] * 4 + [[1.0, 1.0]] * 4)
    right = np.array([1, 0, 0, 0, 1, 1, 1, 0], bool)
    w = calibrating.fit_logistic(features, right, np.ones(8), ridge=1e-9)
    assert w == pytest.approx([-np.log(3), 2 * np.log(3)], abs=1e-4)


def test_a_ranker_that_speaks_against_the_truth_gets_no_weight():
    rng = np.random.default_rng(3)
    made = []
    for n in range(200):
        s = sample(rng, n % 3 != 0, n=n)
        relevance = np.where(s.ranked.place == 0, -20.0, 20.0) if n % 3 else s.ranked.relevance
        cosine = s.ranked.retrieval.copy()
        cosine[0] += 0.5 if n % 3 else 0.0
        ranked = replace(s.ranked, relevance=relevance, retrieval=cosine)
        made.append(replace(s, ranked=ranked, places=fix.combine(ranked, TILE_M)))
    calibration = calibrating.fit(made)
    assert calibration.relevance_weight == 0
    assert calibration.retrieval_weight > 0
    without = [calibrating.without_ranker(s) for s in made]
    near = [error <= 20 for s, _, _, error in judged(without, calibration) if s.truth is not None]
    assert all(near)
