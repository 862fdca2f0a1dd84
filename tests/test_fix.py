"""From ranked candidates to a fix: positions, covariances and rejects worked by hand."""

import math

import numpy as np
import pytest

from edgegeo import fix, geodesy
from edgegeo.calibration import FEATURES, Calibration, calibration_from_json
from edgegeo.errors import EngineError
from edgegeo.types import Fix, Reject

LAT, LON, TILE_M = 47.0, 8.0, 80.0  # crops within 10 m of each other agree


def ranked(places, retrieval=None, crops=4):
    """Of each place its pairs (east_m, north_m, relevance, sigma_m); tiles count up from 10."""
    pairs = np.array([pair for pairs in places for pair in pairs], float)
    lat, lon = geodesy.geo_from_enu(pairs[:, 0], pairs[:, 1], LAT, LON)
    found = np.array([pairs[0][:2] for pairs in places], float)
    found_lat, found_lon = geodesy.geo_from_enu(found[:, 0] + 1.0, found[:, 1], LAT, LON)
    return fix.Ranked(
        place=np.repeat(np.arange(len(places)), [len(pairs) for pairs in places]),
        tile=np.arange(10, 10 + len(pairs)),
        lat_deg=lat,
        lon_deg=lon,
        relevance=pairs[:, 2],
        sigma_m=pairs[:, 3],
        crop_px=np.zeros(len(pairs), complex),  # all from the middle of the frame
        view=np.ones(len(pairs), complex),
        crops=crops,
        retrieval=np.array(retrieval or [0.5] * len(places), float),
        found_lat_deg=found_lat,
        found_lon_deg=found_lon,
    )


def one_each(east_m, relevance, retrieval=None):
    """Candidates of one crop each, on a line, 2 m sure."""
    pairs = zip(east_m, relevance, strict=True)
    return ranked([[(east, 0.0, said, 2.0)] for east, said in pairs], retrieval, crops=1)


def enu(places, at=0):
    east, north = geodesy.enu_from_geo(places.lat_deg[at], places.lon_deg[at], LAT, LON)
    return float(east), float(north)


def evidence_of(candidates, calibration=None):
    places = fix.combine(candidates, TILE_M)
    return fix.weigh(candidates, places, TILE_M, calibration or Calibration())


def decided(candidates, calibration):
    places = fix.combine(candidates, TILE_M)
    evidence = fix.weigh(candidates, places, TILE_M, calibration)
    return fix.decide(candidates, places, evidence, TILE_M, calibration, time_us=7, reranked=True)


def feature(evidence, name):
    return evidence.features[FEATURES.index(name)]


def test_crops_that_agree_are_averaged_by_their_sureness():
    # Variances 4 and 12: weights 3/4 and 1/4, so the mean lies a quarter of the way.
    places = fix.combine(ranked([[(0, 0, 9, 2.0), (4, 0, 5, math.sqrt(12))]]), TILE_M)
    assert enu(places) == pytest.approx((1.0, 0.0), abs=1e-3)
    # Own variance 3/4 * 4 + 1/4 * 12 = 6 on each axis, and 3/4 * 1^2 + 1/4 * 3^2 = 3 between
    # the two, eastwards.
    assert places.cov_m2[0] == pytest.approx((9.0, 0.0, 6.0), abs=1e-2)
    assert (places.relevance.tolist(), places.agreeing.tolist()) == ([14.0], [2])
    assert places.tile.tolist() == [10]


def test_the_covariance_between_the_axes_by_hand():
    # Two metres apart to the north east: each is 1 m from the mean on both axes.
    places = fix.combine(ranked([[(0, 0, 9, 2.0), (2, 2, 5, 2.0)]]), TILE_M)
    assert enu(places) == pytest.approx((1.0, 1.0), abs=1e-3)
    assert places.cov_m2[0] == pytest.approx((5.0, 1.0, 5.0), abs=1e-2)


@pytest.mark.parametrize(("away_m", "agreeing"), [(9.9, 2), (10.1, 1)])
def test_a_crop_that_puts_the_frame_elsewhere_is_left_out(away_m, agreeing):
    places = fix.combine(ranked([[(away_m, 0, 5, 2.0), (0, 0, 9, 2.0)]]), TILE_M)
    assert places.agreeing.tolist() == [agreeing]
    if agreeing == 1:
        assert enu(places) == pytest.approx((0.0, 0.0), abs=1e-6)
        assert places.cov_m2[0] == pytest.approx((4.0, 0.0, 4.0))
        assert places.relevance.tolist() == [9.0 + fix.LEAST]
    assert places.tile.tolist() == [11]  # of the surest crop, whatever the order


def test_the_majority_does_not_outvote_the_surest():
    elsewhere = [(50, 0, 5, 2.0), (51, 0, 5, 2.0), (52, 0, 5, 2.0)]
    places = fix.combine(ranked([[*elsewhere, (0, 0, 9, 2.0)]]), TILE_M)
    assert enu(places) == pytest.approx((0.0, 0.0), abs=1e-6)


@pytest.mark.parametrize("least", [0.0, -3.0, 2.0])
def test_what_a_crop_says_against_a_place_counts_no_less_than_the_least(monkeypatch, least):
    monkeypatch.setattr(fix, "LEAST", least)
    against = fix.combine(ranked([[(0, 0, 9, 2.0), (1, 0, -20, 2.0)]]), TILE_M)
    silent = fix.combine(ranked([[(0, 0, 9, 2.0)]]), TILE_M)
    assert against.relevance.tolist() == silent.relevance.tolist() == [9.0 + 3 * least]
    none = fix.combine(ranked([[(0, 0, -20, 2.0)]]), TILE_M)
    assert none.relevance.tolist() == [4 * least]


def test_every_place_has_its_own_crops():
    places = fix.combine(ranked([[(0, 0, 1, 2.0), (2, 0, 3, 2.0)], [(500, 7, 6, 3.0)]]), TILE_M)
    assert places.relevance == pytest.approx([4, 6])
    assert places.tile.tolist() == [11, 12]
    assert enu(places, 0) == pytest.approx((1, 0), abs=1e-3)
    assert enu(places, 1) == pytest.approx((500, 7), abs=1e-3)


CORNERS = np.array([-30 - 10j, 30 - 10j, -30 + 10j, 30 + 10j])


def test_crops_far_apart_say_how_the_frame_is_turned_and_scaled():
    # 5 degrees and 8 % off: each corner alone, taken at its word, errs by 3 m or more.
    truth, z = 12 + 7j, 1.08 * np.exp(1j * np.radians(5))
    centre, cov = fix.frame_centre(truth + z * CORNERS, CORNERS, np.full(4, 1e-4))
    assert centre == pytest.approx(truth, abs=1e-6)
    assert max(cov) < 0.01
    assert np.abs(truth + z * CORNERS - CORNERS - truth).min() > 3
    two, _ = fix.frame_centre((truth + z * CORNERS)[1:3], CORNERS[1:3], np.full(2, 1e-4))
    assert two == pytest.approx(truth, abs=1e-6)


def test_one_crop_is_taken_at_its_word_and_its_lever_is_counted():
    centre, (ee, en, nn) = fix.frame_centre(np.array([40 + 5j]), CORNERS[1:2], np.array([4.0]))
    assert centre == pytest.approx(40 + 5j - CORNERS[1])
    lever = (fix.VIEW_SIGMA * abs(CORNERS[1])) ** 2
    assert (ee, en, nn) == pytest.approx((4 + lever, 0, 4 + lever))


def test_crops_all_around_put_the_frame_at_their_mean_and_are_as_unsure_as_they_scatter():
    rng = np.random.default_rng(0)
    noise = 20 * (rng.normal(size=4) + 1j * rng.normal(size=4))
    centre, (ee, _, nn) = fix.frame_centre(CORNERS + noise, CORNERS, np.full(4, 400.0))
    assert centre == pytest.approx(noise.mean(), abs=1e-6)
    left = noise - noise.mean()
    assert 400 < ee <= 400 + np.mean(left.real**2) + 1
    assert 400 < nn <= 400 + np.mean(left.imag**2) + 1


def test_the_lead_is_over_the_best_place_elsewhere():
    evidence = evidence_of(one_each([0.0, 30.0, 500.0, 900.0], [20.0, 17.0, 12.0, 3.0]))
    assert evidence.best == 0
    assert feature(evidence, "lead") == pytest.approx(0.8)  # 8 log-odds, in tens
    assert feature(evidence, "relevance") == pytest.approx(2.0)


def test_a_place_within_half_a_tile_is_no_rival():
    near = evidence_of(one_each([0.0, 39.0], [9.0, 8.0]))
    far = evidence_of(one_each([0.0, 41.0], [9.0, 8.0]))
    assert feature(near, "lead") == pytest.approx((9.0 - fix.LEAST) / 10)
    assert feature(far, "lead") == pytest.approx(0.1)


def test_the_lead_of_retrieval_may_be_behind():
    evidence = evidence_of(one_each([0.0, 500.0], [9.0, 1.0], retrieval=[0.5, 0.6]))
    assert feature(evidence, "retrieval_lead") == pytest.approx(-1.0)


def test_agreement_is_the_share_of_all_crops():
    crops = [(0, 0, 9, 2.0), (1, 0, 9, 2.0), (2, 0, 9, 2.0)]
    assert feature(evidence_of(ranked([crops])), "agreement") == pytest.approx(3 / 4)


def test_sharpness_is_the_log_of_sigma_in_tiles():
    evidence = evidence_of(one_each([0.0], [9.0]))
    assert feature(evidence, "sharpness") == pytest.approx(math.log(2 / 80) + 4)
    assert feature(evidence, "bias") == 1


@pytest.mark.parametrize(
    ("relevance", "reject"),
    [([9.0, 1.0], None), ([9.0, 8.5], Reject.AMBIGUOUS), ([4.0, 2.0], Reject.LOW_SCORE)],
)
def test_rejects(relevance, reject):
    # 10 times the lead less 4: odds are even at a lead of 4 log-odds.
    calibration = Calibration(probability_weights=(-4.0, 10.0, 0.0, 0.0, 0.0, 0.0))
    found = decided(one_each([0.0, 500.0], relevance), calibration)
    assert found.reject is reject
    assert found.accepted is (reject is None)
    assert found.lat_deg is not None  # a best guess, for the log
    assert (found.time_us, found.reranked) == (7, True)


def test_the_probability_is_that_of_the_weighted_features():
    calibration = Calibration(probability_weights=(1.0, 0.0, 1.0, 0.0, -2.0, 0.0))
    found = decided(one_each([0.0], [20.0]), calibration)
    assert found.probability == pytest.approx(1 / (1 + math.exp(-1.0)))  # 1 + 2 - 2


@pytest.mark.parametrize(("accept", "accepted"), [(0.49, True), (0.51, False)])
def test_the_probability_alone_decides(accept, accepted):
    even = Calibration(probability_weights=(0.0,) * 6, accept=accept)
    assert decided(one_each([0.0], [9.0]), even).accepted is accepted


def test_candidates_come_in_the_order_of_the_fused_score():
    candidates = one_each([0.0, 500.0, 900.0], [1.0, 2.0, 0.0], retrieval=[0.1, 0.2, 0.9])
    found = decided(candidates, Calibration(retrieval_weight=10.0))
    assert [c.tile for c in found.candidates] == [12, 11, 10]
    assert [c.score for c in found.candidates] == pytest.approx([9.0, 4.0, 2.0])
    assert [c.retrieval for c in found.candidates] == [0.9, 0.2, 0.1]
    assert (found.lat_deg, found.lon_deg) == (found.candidates[0].lat_deg, candidates.lon_deg[2])


def test_a_candidate_says_where_ranking_and_where_retrieval_have_it():
    (candidate,) = decided(ranked([[(0, 0, 9, 2.0), (4, 0, 5, 2.0)]]), Calibration()).candidates
    east, _ = geodesy.enu_from_geo(candidate.lat_deg, candidate.lon_deg, LAT, LON)
    found, _ = geodesy.enu_from_geo(candidate.found_lat_deg, candidate.found_lon_deg, LAT, LON)
    assert (float(east), float(found)) == pytest.approx((2.0, 1.0), abs=1e-3)


def test_equal_scores_leave_the_candidates_in_retrievals_order():
    evidence = evidence_of(one_each([0.0, 500.0, 900.0], [3.0, 3.0, 3.0]))
    assert evidence.order.tolist() == [0, 1, 2]


def test_covariance_is_scaled_and_has_a_floor():
    cov = fix.calibrated_cov((4.0, 1.0, 2.0), 100.0, Calibration(sigma_scale=2.0, sigma_floor=0.03))
    assert cov == pytest.approx((16.0 + 9.0, 4.0, 8.0 + 9.0))
    found = decided(one_each([0.0], [9.0]), Calibration(sigma_scale=3.0, sigma_floor=0.05))
    assert found.cov_m2 == pytest.approx((36.0 + 16.0, 0.0, 36.0 + 16.0))


def test_sigma_is_that_of_the_worst_direction():
    found = Fix(time_us=0, lat_deg=0.0, lon_deg=0.0, cov_m2=(5.0, 4.0, 5.0), probability=0.9)
    assert found.sigma_m == pytest.approx(3.0)  # eigenvalues 9 and 1


def test_calibration_travels_through_json():
    calibration = Calibration(accept=0.7, probability_weights=(1, 2, 3, 4, 5, 6))
    assert calibration_from_json({**calibration.to_json(), "fitted_on": "val"}) == calibration


@pytest.mark.parametrize("values", [{"accept": "high"}, {"probability_weights": [1.0]}])
def test_a_broken_calibration_is_an_engine_error(values):
    with pytest.raises(EngineError, match="calibration"):
        calibration_from_json(values)
