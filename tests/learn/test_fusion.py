"""Re-ranking never loses: whatever the ranker, its weight falls until it does no harm."""

import numpy as np
import pytest

from edgegeo.evaluation.bootstrap import paired_difference
from edgegeo.learn.fusion import ALLOWED_LOSS, FrameScores, fit_fusion

FRAMES, CANDIDATES = 400, 8


def frames(seed: int, ranker, share_right: float = 0.8) -> list[FrameScores]:
    """Lists whose truth the retriever has first in about `share_right`; `ranker(rng, truth)`
    gives the relevance."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(FRAMES):
        cosine = np.sort(rng.uniform(0.3, 0.6, CANDIDATES))[::-1].copy()
        place = 0 if rng.random() < share_right else rng.integers(1, CANDIDATES)
        cosine[place] += 0.1 * (place == 0)
        truth = np.arange(CANDIDATES) == place
        made.append(
            FrameScores(
                relevance=ranker(rng, truth),
                retrieval=cosine,
                near=truth,
                right_found=truth,
                right_ranked=truth,
                block=f"place {number // 4}",
            )
        )
    return made


def noise(rng, _truth):
    return rng.normal(0, 8, CANDIDATES)


def adversary(_rng, truth):
    return np.where(truth, -20.0, 20.0)


def constant(_rng, _truth):
    return np.zeros(CANDIDATES)


def good(rng, truth):
    return 4.0 * truth + rng.normal(0, 1, CANDIDATES)


def half_good(rng, truth):
    return 1.5 * truth + rng.normal(0, 3, CANDIDATES)


def after(made, fusion):
    score = [
        fusion.relevance_weight * f.relevance + fusion.retrieval_weight * f.retrieval for f in made
    ]
    return [bool(f.near[s.argmax()]) for f, s in zip(made, score, strict=True)]


@pytest.mark.parametrize("ranker", [noise, adversary, constant, good, half_good])
@pytest.mark.parametrize("seed", range(4))
def test_recall_never_falls_on_val_and_not_beyond_chance_on_others(ranker, seed):
    fusion = fit_fusion(frames(seed, ranker))
    assert fusion.recall_fused >= fusion.recall_retrieval
    others = frames(100 + seed, ranker)
    before = [bool(f.near[f.retrieval.argmax()]) for f in others]
    gain = paired_difference(after(others, fusion), before, [f.block for f in others])
    assert gain.low >= -ALLOWED_LOSS


def test_an_adversary_is_not_used():
    fusion = fit_fusion(frames(0, adversary))
    assert fusion.relevance_weight == 0
    assert fusion.verdict == "ranker unused"
    assert fusion.recall_fused == fusion.recall_retrieval


def test_a_good_ranker_is_used_and_gains():
    fusion = fit_fusion(frames(0, good))
    assert fusion.verdict == "ranker used"
    assert fusion.recall_fused > fusion.recall_retrieval + 0.1


def test_a_ranker_right_in_order_but_wrong_in_position_is_not_used():
    made = [f._replace(right_ranked=np.zeros(CANDIDATES, np.bool_)) for f in frames(0, good)]
    assert fit_fusion(made).verdict == "ranker unused"
