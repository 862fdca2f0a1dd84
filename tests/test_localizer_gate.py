"""The gate in `locate`, on a landscape made by code, with the networks that ship."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo import Localizer
from edgegeo.building.build import build
from edgegeo.calibration import Gate
from edgegeo.simulation.camera import render
from tests.test_localizer import FOOTPRINT_M, ground, shots

SURE_OF_ALL = Gate(least_lead=-1.0, sure=0.0, probability_weights=(9.0, 0.0, 0.0, 0.0, 0.0, 0.0))


class Listened:
    """Stands before the relation and keeps how many pairs it was asked about."""

    def __init__(self, network):
        self.network, self.pairs = network, []

    def run(self, inputs):
        self.pairs.append(len(inputs["cosine"]))
        return self.network.run(inputs)


@pytest.fixture(scope="module")
def localizer(tmp_path_factory):
    engine = tmp_path_factory.mktemp("gate") / "field.edgegeo"
    build([ground(0)], engine, footprint_m=FOOTPRINT_M, progress=False)
    opened = Localizer(engine)
    judge = opened._ranker.judge
    opened._ranker = replace(opened._ranker, judge=replace(judge, network=Listened(judge.network)))
    return opened


@pytest.fixture(scope="module")
def flight():
    """Eight frames of another date, each with its shot."""
    later = ground(1)
    return [
        (shot, render(later, shot, np.random.default_rng(n))) for n, shot in enumerate(shots(8))
    ]


def located(localizer, flight, gate):
    """Fixes under a gate, and of each how many pairs were ranked, call by call."""
    localizer.calibration = replace(localizer.calibration, gate=gate)
    fixes, asked = [], []
    for shot, frame in flight:
        listened = localizer._ranker.judge.network
        listened.pairs = []
        fixes.append(localizer.locate(frame, heading_deg=shot.heading_deg, gsd_m=shot.gsd_m))
        asked.append(listened.pairs)
    return fixes, asked


def test_a_settled_frame_has_one_place_ranked_and_the_same_position(localizer, flight):
    whole, asked_of_all = located(localizer, flight, None)
    fixes, asked = located(localizer, flight, SURE_OF_ALL)
    same = 0
    for before, fix, pairs, pairs_of_all in zip(whole, fixes, asked, asked_of_all, strict=True):
        assert len(pairs) == len(pairs_of_all) == 1
        assert pairs[0] <= 4 < pairs_of_all[0]
        assert fix.accepted
        assert (fix.reranked, before.reranked) == (False, True)
        assert fix.timings_ms.rank > 0
        assert len(fix.candidates) == len(before.candidates)
        first = fix.candidates[0]
        assert first.retrieval == max(candidate.retrieval for candidate in fix.candidates)
        for other in fix.candidates[1:]:
            assert (other.lat_deg, other.lon_deg) == pytest.approx(
                (other.found_lat_deg, other.found_lon_deg), abs=1e-9
            )
        if before.candidates[0].tile == first.tile:
            same += 1
            assert (fix.lat_deg, fix.lon_deg) == pytest.approx(
                (before.lat_deg, before.lon_deg), abs=1e-7
            )
            assert fix.cov_m2 == pytest.approx(before.cov_m2, rel=1e-3)
    assert same >= 4


def test_where_the_ranker_objects_all_are_ranked_as_without_a_gate(localizer, flight):
    whole, _ = located(localizer, flight, None)
    fixes, asked = located(localizer, flight, replace(SURE_OF_ALL, sure=1.0))
    for before, fix, pairs in zip(whole, fixes, asked, strict=True):
        assert len(pairs) == 2
        assert pairs[0] <= 4 < pairs[1]
        assert fix.candidates == before.candidates
        assert (fix.probability, fix.reject, fix.reranked) == (
            before.probability,
            before.reject,
            True,
        )


def test_without_a_lead_it_is_not_tried(localizer, flight):
    whole, _ = located(localizer, flight, None)
    fixes, asked = located(localizer, flight, replace(SURE_OF_ALL, least_lead=2.0))
    assert [len(pairs) for pairs in asked] == [1] * len(flight)
    assert [fix.candidates for fix in fixes] == [fix.candidates for fix in whole]
