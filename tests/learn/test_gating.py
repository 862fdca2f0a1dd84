"""The gate loses nothing: whatever the ranker, on the frames it is fitted on, and what it settles
is as sure as it says on others."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo import Localizer, fix, geodesy
from edgegeo.building.build import build
from edgegeo.calibration import calibration_from_json
from edgegeo.clock import Clock
from edgegeo.given import Given
from edgegeo.learn import calibrating, gating
from edgegeo.learn.calibrating import Sample
from edgegeo.model_folder import open_model
from edgegeo.simulation.camera import render
from tests.test_localizer import FOOTPRINT_M, ground, shots

LAT, LON, TILE_M, CROPS, K = 34.0, -117.0, 48.0, 4, 6


def frame(rng, ranker, number, on_map, repeated=0.0):
    """A frame whose truth retrieval has first in 0.85, by a lead that a share of `repeated` has
    although it is wrong; `ranker(rng, truth)` gives the relevance of each candidate."""
    east, north = rng.uniform(-2000, 2000, (2, K))
    wrong = rng.random() < repeated
    at = 0 if rng.random() < 0.85 and not wrong else int(rng.integers(1, K))
    truth = (np.arange(K) == at) & on_map
    east[truth], north[truth] = 0.0, 0.0
    cosine = np.sort(rng.uniform(0.3, 0.4, K))[::-1].copy()
    cosine[0] += rng.uniform(0.05, 0.2) if wrong or (on_map and at == 0) else 0.0
    place = np.repeat(np.arange(K), CROPS)
    lat, lon = geodesy.geo_from_enu(
        east[place] + rng.normal(0, 2, len(place)),
        north[place] + rng.normal(0, 2, len(place)),
        LAT,
        LON,
    )
    found_lat, found_lon = geodesy.geo_from_enu(east, north, LAT, LON)
    ranked = fix.Ranked(
        place=place,
        tile=np.arange(len(place)),
        lat_deg=lat,
        lon_deg=lon,
        relevance=ranker(rng, truth)[place] / CROPS,
        sigma_m=np.full(len(place), 2.0),
        crop_px=np.zeros(len(place), complex),
        view=np.ones(len(place), complex),
        crops=CROPS,
        retrieval=cosine,
        found_lat_deg=found_lat,
        found_lon_deg=found_lon,
    )
    return Sample(
        ranked=ranked,
        places=fix.combine(ranked, TILE_M),
        tile_m=TILE_M,
        truth=(LAT, LON) if on_map else None,
        place=str(number // 2),
    )


def frames(seed, ranker, count=600, repeated=0.0):
    rng = np.random.default_rng(seed)
    return [frame(rng, ranker, n, n % 3 != 0, repeated) for n in range(count)]


def good(rng, truth):
    return 14.0 * truth + rng.normal(3, 2, K)


def half_good(rng, truth):
    return 4.0 * truth + rng.normal(3, 4, K)


def noise(rng, _truth):
    return rng.normal(6, 8, K)


def adversary(_rng, truth):
    return np.where(truth, 0.0, 20.0)


def fitted(samples):
    return gating.fit_gate(samples, calibrating.fit(samples))


def recall(samples, calibration):
    """Recall@1 of retrieval, and of what `locate` answers; frames on the map."""
    on = [s for s in samples if s.truth is not None]
    before = [calibrating.frame_scores(s).right_found[0] for s in on]
    after = [gating.judge(s, calibration).error_m <= s.tile_m / 2 for s in on]
    return np.mean(before), np.mean(after)


@pytest.mark.parametrize("ranker", [good, half_good, noise, adversary])
@pytest.mark.parametrize("repeated", [0.0, 0.2])
def test_re_ranking_and_the_gate_never_lose_on_val(ranker, repeated):
    val = frames(0, ranker, repeated=repeated)
    calibration = fitted(val)
    before, after = recall(val, calibration)
    assert after >= before
    assert after >= recall(val, replace(calibration, gate=None))[1]
    if ranker is adversary:
        assert (calibration.relevance_weight, calibration.gate) == (0, None)
        assert after == before
        assert not any(gating.judge(s, calibration).reranked for s in val)


def test_what_the_gate_settles_is_as_sure_as_it_says_on_other_frames():
    calibration = fitted(frames(0, good))
    assert calibration.gate is not None
    others = frames(1, good, count=900)
    judged = [(s, gating.judge(s, calibration)) for s in others]
    settled = [o for s, o in judged if not o.reranked]
    on_map = [s for s, o in judged if s.truth is not None]
    assert len(settled) > 0.5 * len(on_map)
    assert all(o.accepted for o in settled)
    right = np.mean([o.error_m <= 20 for o in settled])
    assert np.mean([o.probability for o in settled]) == pytest.approx(right, abs=0.02)
    before, after = recall(others, replace(calibration, gate=None))[1], recall(others, calibration)
    assert after[1] >= before - gating.ALLOWED_LOSS


def test_a_gate_that_would_settle_wrong_frames_is_not_taken(monkeypatch):
    # Only beside the truth does the ranker tell a repeated place, so alone it looks sure.
    def beside_the_truth(rng, truth):
        says = np.where(truth, 25.0, 3.0) + rng.normal(0, 1, K)
        if truth.any() and not truth[0]:
            says[0] = rng.normal(22, 1)
        return says

    val = frames(0, beside_the_truth, repeated=0.06)
    calibration = fitted(val)
    assert calibration.gate is None
    monkeypatch.setattr(gating, "loses_nothing", lambda *_: True)
    careless = gating.fit_gate(val, calibration)
    assert recall(val, careless)[1] < recall(val, calibration)[1]


def test_too_few_frames_give_no_gate():
    val = frames(0, good, count=240)
    calibration = calibrating.fit(val)
    assert calibration.relevance_weight > 0
    assert gating.fit_gate(val, calibration) == calibration


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    """The shipped engine over a landscape, and 24 frames of another date."""
    engine = tmp_path_factory.mktemp("gating") / "field.edgegeo"
    build([ground(0)], engine, footprint_m=FOOTPRINT_M, progress=False)
    later, rng = ground(1), np.random.default_rng(0)
    return Localizer(engine, threads=1), [(s, render(later, s, rng)) for s in shots(24)]


def sampled(localizer, shot, image):
    given = Given(heading_deg=shot.heading_deg, gsd_m=shot.gsd_m)
    ranked = localizer.rank(image, given, Clock())
    return Sample(
        ranked=ranked,
        places=fix.combine(ranked, localizer.tile_m),
        tile_m=localizer.tile_m,
        truth=(shot.lat_deg, shot.lon_deg),
        place="",
    )


def test_a_frame_is_judged_as_locate_answers_it(flown):
    localizer, views = flown
    calibration = localizer.calibration
    assert calibration == calibration_from_json(open_model().calibration)
    assert calibration.gate is not None
    settled = 0
    for shot, image in views:
        fixed = localizer.locate(image, heading_deg=shot.heading_deg, gsd_m=shot.gsd_m)
        judged = gating.judge(sampled(localizer, shot, image), calibration)
        assert judged.reranked == fixed.reranked
        assert judged.accepted == fixed.accepted
        assert judged.probability == pytest.approx(fixed.probability, abs=1e-4)
        error_m = geodesy.distance_m(fixed.lat_deg, fixed.lon_deg, shot.lat_deg, shot.lon_deg)
        assert judged.error_m == pytest.approx(float(error_m), abs=1e-2)
        settled += not fixed.reranked
    assert 0 < settled < len(views)


class Doubled:
    """A double of the relation: the shipped one, whose relevance is said again by `say`."""

    def __init__(self, network, say):
        self.network, self.say = network, say

    def run(self, inputs):
        said = self.network.run(inputs)
        return said | {"relevance": self.say(said["relevance"])}


@pytest.mark.parametrize(
    "say",
    [
        lambda relevance: relevance,
        lambda relevance: -relevance,
        lambda relevance: np.random.default_rng(len(relevance)).normal(5, 8, len(relevance)),
    ],
    ids=["shipped", "adversarial", "random"],
)
def test_through_the_whole_flow_re_ranking_never_loses(flown, monkeypatch, say):
    localizer, views = flown
    judge = localizer._ranker.judge
    doubled = replace(judge, network=Doubled(judge.network, say))
    monkeypatch.setattr(localizer, "_ranker", replace(localizer._ranker, judge=doubled))
    val = [sampled(localizer, *view) for view in views]
    before, after = recall(val, fitted(val))
    assert 0.5 < before <= after
