"""Fit the gate before the ranker, and judge a frame as `locate` does with and without it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgegeo import fix, ranking_gate
from edgegeo.calibration import Calibration, Gate
from edgegeo.evaluation.bootstrap import paired_difference
from edgegeo.learn.calibrating import (
    ALLOWED_MISLEADING,
    FAR_M,
    NEAR_M,
    Floats,
    Sample,
    fit_logistic,
    weight_of,
    without_ranker,
)
from edgegeo.learn.fusion import ALLOWED_LOSS

SURE = (0.99, 0.98, 0.97, 0.95, 0.9)
LEADS = np.arange(0.0, 0.151, 0.01)  # of mean cosine
LEAST_FRAMES = 200  # settled on the map: of fewer "nothing lost" says too little


class Outcome(NamedTuple):
    """One frame as `locate` answers it. `error_m` is infinite off the map."""

    probability: float
    error_m: float
    accepted: bool
    reranked: bool


def alone(s: Sample) -> Sample:
    """Return the same frame with its first candidate ranked alone."""
    ranked = fix.as_found(s.ranked, s.tile_m, first=1)
    return replace(s, ranked=ranked, places=fix.combine(ranked, s.tile_m))


def judge(s: Sample, calibration: Calibration) -> Outcome:
    """Return what `locate` answers of a frame whose candidates were all ranked once."""
    reranked = calibration.relevance_weight > 0
    if not reranked:
        s = without_ranker(s)
    gate, used = calibration.gate, calibration
    if gate is not None and ranking_gate.lead_of(s.ranked, s.tile_m) >= gate.least_lead:
        first = alone(s)
        if ranking_gate.settles(weigh(first, calibration), calibration, gate):
            s, used, reranked = first, calibration.of_first_alone(gate), False
    evidence = weigh(s, calibration)
    p = used.probability(evidence.features)
    return Outcome(p, float(s.errors_m[evidence.best]), p >= used.accept, reranked)


def weigh(s: Sample, calibration: Calibration) -> fix.Evidence:
    return fix.weigh(s.ranked, s.places, s.tile_m, calibration)


def fit_gate(samples: Sequence[Sample], calibration: Calibration) -> Calibration:
    """Return `calibration` with the gate that spares most ranking and loses nothing.

    The probability of a first candidate ranked alone is fitted to all frames, as if none had
    been ranked further. `sure` is the least of SURE down to which nothing is lost on these frames
    (`loses_nothing`); `least_lead` the one at which the tries that settle a frame outnumber those
    in vain the most. No gate where even the highest loses, or settles fewer than LEAST_FRAMES on
    the map.
    """
    if not calibration.relevance_weight:
        return calibration
    first = [alone(s) for s in samples]
    evidence = [weigh(s, calibration) for s in first]
    near = np.array([s.errors_m[e.best] <= NEAR_M for s, e in zip(first, evidence, strict=True)])
    weights = fit_logistic(np.array([e.features for e in evidence]), near, weight_of(samples))
    gate = Gate(least_lead=0.0, sure=1.0, probability_weights=tuple(map(float, weights)))
    of_first = calibration.of_first_alone(gate)
    p = np.array([of_first.probability(e.features) for e in evidence])
    lead = np.array([ranking_gate.lead_of(s.ranked, s.tile_m) for s in samples])
    before = [judge(s, calibration) for s in samples]
    weight, on_map = weight_of(samples), np.array([s.truth is not None for s in samples])
    fitted = calibration
    for sure in SURE:
        settles = p >= max(sure, calibration.accept)
        spared = [np.where(settles, weight, -weight)[lead >= least].sum() for least in LEADS]
        least_lead = round(float(LEADS[int(np.argmax(spared))]), 2)
        if (settles & on_map & (lead >= least_lead)).sum() < LEAST_FRAMES:
            continue
        gated = replace(calibration, gate=replace(gate, least_lead=least_lead, sure=sure))
        if not loses_nothing(samples, before, [judge(s, gated) for s in samples]):
            break
        fitted = gated
    return fitted


def loses_nothing(
    samples: Sequence[Sample], before: Sequence[Outcome], after: Sequence[Outcome]
) -> bool:
    """Return whether Recall@1 does not fall, the share located within 20 m falls by no more than
    ALLOWED_LOSS at the lower end of its interval, and not too many mislead."""
    on = np.array([s.truth is not None for s in samples])
    blocks = [s.place for s in samples if s.truth is not None]

    def right(outcomes: Sequence[Outcome]) -> NDArray[np.bool_]:
        both = zip(samples, outcomes, strict=True)
        return np.array([o.error_m <= s.tile_m / 2 for s, o in both])

    def located(outcomes: Sequence[Outcome]) -> NDArray[np.bool_]:
        return np.array([o.accepted and o.error_m <= NEAR_M for o in outcomes])

    def misleading(outcomes: Sequence[Outcome]) -> Floats:
        wrong = np.array([o.accepted and o.error_m > FAR_M for o in outcomes])
        return np.array([wrong[side].mean() if side.any() else 0.0 for side in (on, ~on)])

    if not on.any() or right(after)[on].mean() < right(before)[on].mean():
        return False
    if paired_difference(located(after)[on], located(before)[on], blocks).low < -ALLOWED_LOSS:
        return False
    return bool((misleading(after) <= np.maximum(misleading(before), ALLOWED_MISLEADING)).all())
