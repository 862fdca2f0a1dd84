"""The gate before the ranker, by hand: when it is tried, when it settles a frame."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo import fix, geodesy, ranking_gate
from edgegeo.agreement import Agreed
from edgegeo.calibration import FEATURES, Calibration, Gate, calibration_from_json
from edgegeo.errors import EngineError
from tests.test_fix import LAT, LON, TILE_M, decided, evidence_of, one_each

EVEN = Gate(least_lead=0.1, sure=0.9, probability_weights=(0.0,) * 6)


def agreed(east_m, cosine):
    east = np.array(east_m, float)
    return Agreed(
        cosine=np.array(cosine, float),
        east_m=east,
        north_m=np.zeros(len(east)),
        rows=np.zeros((len(east), 1), np.int64),
    )


@pytest.mark.parametrize(
    ("east_m", "cosine", "tried"),
    [
        ([0.0, 500.0, 900.0], [0.9, 0.79, 0.2], True),
        ([0.0, 500.0, 900.0], [0.9, 0.81, 0.2], False),
        ([0.0, 39.0, 900.0], [0.9, 0.85, 0.7], True),  # half a tile away is no other place
        ([0.0, 41.0, 900.0], [0.9, 0.85, 0.7], False),
        ([0.0], [0.9], False),  # nothing to spare
        ([0.0, 30.0], [0.9, 0.2], False),
    ],
)
def test_the_gate_is_tried_by_retrievals_lead_over_another_place(east_m, cosine, tried):
    assert ranking_gate.worth_trying(agreed(east_m, cosine), TILE_M, EVEN) is tried


def test_the_lead_of_ranked_candidates_is_that_of_retrieval():
    candidates = one_each([0.0, 500.0, 900.0], [1.0, 9.0, 3.0], retrieval=[0.9, 0.7, 0.8])
    by_search = ranking_gate.lead(candidates.retrieval, np.array([0.0, 500.0, 900.0]), TILE_M)
    assert (
        ranking_gate.lead_of(candidates, TILE_M) == pytest.approx(by_search) == pytest.approx(0.1)
    )


@pytest.mark.parametrize(
    ("relevance", "sure", "accept", "settled"),
    [(24.0, 0.9, 0.5, True), (20.0, 0.9, 0.5, False), (24.0, 0.9, 0.95, False)],
)
def test_a_sure_first_settles_a_frame_and_never_below_what_is_accepted(
    relevance, sure, accept, settled
):
    # Log-odds: the relevance in tens, times 1: 2.4 is 0.917, 2.0 is 0.881.
    weights = tuple(float(name == "relevance") for name in FEATURES)
    calibration = Calibration(accept=accept)
    evidence = evidence_of(one_each([0.0, 500.0], [relevance, 0.0]))
    gated = Gate(least_lead=0.0, sure=sure, probability_weights=weights)
    assert ranking_gate.settles(evidence, calibration, gated) is settled


def test_what_the_ranker_was_not_asked_lies_where_it_was_found_without_odds():
    whole = one_each([0.0, 500.0, 900.0], [9.0, 8.0, 7.0], retrieval=[0.9, 0.8, 0.7])
    first = fix.as_found(whole, TILE_M, first=1)
    assert first.relevance.tolist() == [9.0, 0.0, 0.0]
    east, _ = geodesy.enu_from_geo(first.lat_deg, first.lon_deg, LAT, LON)
    assert east == pytest.approx([0.0, 501.0, 901.0], abs=1e-3)  # found 1 m further east
    assert first.sigma_m.tolist() == [2.0] + [fix.FOUND_SIGMA_TILES * TILE_M] * 2
    one, all_three = decided(first, Calibration()), decided(whole, Calibration())
    assert (one.lat_deg, one.lon_deg, one.cov_m2) == (
        all_three.lat_deg,
        all_three.lon_deg,
        all_three.cov_m2,
    )
    assert len(one.candidates) == 3


def test_nothing_found_by_several_crops_is_moved_by_them():
    whole = one_each([0.0, 500.0], [9.0, 8.0])
    turned = replace(whole, crop_px=np.array([100 + 50j, 100 + 50j]), view=whole.view * 1j)
    places = fix.combine(fix.as_found(turned, TILE_M), TILE_M)
    np.testing.assert_allclose(places.lat_deg, whole.found_lat_deg, atol=1e-9)
    np.testing.assert_allclose(places.lon_deg, whole.found_lon_deg, atol=1e-9)


def test_a_gate_travels_through_json():
    calibration = Calibration(gate=replace(EVEN, probability_weights=(1, 2, 3, 4, 5, 6)))
    assert calibration_from_json(calibration.to_json()) == calibration
    assert calibration_from_json(Calibration().to_json()).gate is None


def test_an_engine_from_before_the_gate_has_none():
    values = Calibration().to_json()
    del values["gate"]
    assert calibration_from_json(values) == Calibration()


@pytest.mark.parametrize(
    "broken",
    [
        "yes",
        {},
        {"least_lead": 0.1, "sure": 0.9},
        {"least_lead": 0.1, "sure": 0.9, "probability_weights": [1.0]},
        {"least_lead": "much", "sure": 0.9, "probability_weights": [0.0] * 6},
    ],
)
def test_a_broken_gate_is_an_engine_error(broken):
    with pytest.raises(EngineError, match="calibration"):
        calibration_from_json({**Calibration().to_json(), "gate": broken})
