"""From ranked candidates to a fix: positions, covariances and rejects worked by hand."""

import math

import numpy as np
import pytest

from edgegeo import fix, geodesy
from edgegeo.calibration import Calibration, calibration_from_json
from edgegeo.errors import EngineError
from edgegeo.types import Fix, Reject

LAT, LON, TILE_M = 47.0, 8.0, 80.0


def ranked(east_m, north_m, relevance, sigma_m=2.0, retrieval=None):
    lat, lon = geodesy.geo_from_enu(np.array(east_m, float), np.array(north_m, float), LAT, LON)
    k = len(east_m)
    return fix.Ranked(
        tile=np.arange(10, 10 + k),
        lat_deg=lat,
        lon_deg=lon,
        retrieval=np.array(retrieval or [0.5] * k, float),
        relevance=np.array(relevance, float),
        sigma_m=np.full(k, sigma_m),
    )


def enu(evidence):
    east, north = geodesy.enu_from_geo(evidence.lat_deg, evidence.lon_deg, LAT, LON)
    return float(east), float(north)


def test_tiles_that_agree_are_averaged_by_their_weight():
    # Posterior masses 3 : 1, equal sigmas: the mean lies a quarter of the way.
    evidence = fix.weigh(
        ranked([0.0, 4.0], [0.0, 0.0], [math.log(3) + 9, 9.0]), TILE_M, Calibration()
    )
    assert enu(evidence) == pytest.approx((1.0, 0.0), abs=1e-3)
    # Own variance 4 on each axis, and 3/4 * 1^2 + 1/4 * 3^2 = 3 between the two, eastwards.
    assert evidence.cov_m2 == pytest.approx((7.0, 0.0, 4.0), abs=1e-2)


def test_a_tile_elsewhere_moves_nothing_but_is_a_rival():
    evidence = fix.weigh(ranked([0.0, 500.0], [0.0, 0.0], [9.0, 9.0]), TILE_M, Calibration())
    assert enu(evidence) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert evidence.rival == pytest.approx(1.0)
    assert evidence.features[1] == pytest.approx(0.0, abs=1e-3)  # half the mass: even odds


def test_probability_falls_with_the_odds_of_being_nowhere():
    sure = fix.weigh(ranked([0.0], [0.0], [5.0]), TILE_M, Calibration())
    unsure = fix.weigh(ranked([0.0], [0.0], [-5.0]), TILE_M, Calibration())
    assert sure.features[1] == pytest.approx(5.0, abs=1e-6)  # log-odds against nowhere
    assert unsure.features[1] == pytest.approx(-5.0, abs=1e-6)


@pytest.mark.parametrize(
    ("relevance", "reject"),
    [([9.0, 1.0], None), ([9.0, 9.0], Reject.AMBIGUOUS), ([-4.0, -9.0], Reject.LOW_SCORE)],
)
def test_rejects(relevance, reject):
    candidates = ranked([0.0, 500.0], [0.0, 0.0], relevance)
    calibration = Calibration(accept=0.6)
    evidence = fix.weigh(candidates, TILE_M, calibration)
    found = fix.decide(candidates, evidence, TILE_M, calibration, time_us=7)
    assert found.reject is reject
    assert found.accepted is (reject is None)
    assert found.lat_deg is not None  # a best guess, for the log
    assert found.time_us == 7


def test_candidates_come_in_the_order_of_the_fused_score():
    candidates = ranked([0.0, 500.0, 900.0], [0.0] * 3, [1.0, 2.0, 0.0], retrieval=[0.1, 0.2, 0.9])
    calibration = Calibration(retrieval_weight=10.0)
    evidence = fix.weigh(candidates, TILE_M, calibration)
    found = fix.decide(candidates, evidence, TILE_M, calibration, time_us=0)
    assert [c.tile for c in found.candidates] == [12, 11, 10]
    assert [c.score for c in found.candidates] == pytest.approx([9.0, 4.0, 2.0])


def test_covariance_is_scaled_and_has_a_floor():
    cov = fix.calibrated_cov((4.0, 1.0, 2.0), 100.0, Calibration(sigma_scale=2.0, sigma_floor=0.03))
    assert cov == pytest.approx((16.0 + 9.0, 4.0, 8.0 + 9.0))


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
