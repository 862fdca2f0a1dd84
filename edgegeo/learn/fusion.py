"""How much the ranker has to say beside the retriever: fitted on validation frames.

Small rankers can do harm: with a strong retriever the paper's own 0.5B and 2B rankers lose
Recall@1. So a weight is taken only where it loses none on validation, and 0 is one of them:
"ranker unused".
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgegeo.evaluation.bootstrap import paired_difference

RELEVANCE_WEIGHTS = (0.0, 0.1, 0.15, 0.25, 0.4, 0.65, 0.9, 1.2)
RETRIEVAL_WEIGHTS = (0.0, 4.0, 8.0, 14.0, 22.0)
ALLOWED_LOSS = 0.005  # of Recall@1, at the lower end of the 95 % interval on validation


class FrameScores(NamedTuple):
    """One validation frame's k candidates, the retriever's best first among equals.

    relevance, retrieval (k,) log-odds and cosine; near (k,) the candidate is right, for the
    likelihood; right_found, right_ranked (k,) its position is right as retrieval has it, as the
    ranker has it; frames of one block are not independent.
    """

    relevance: NDArray[np.float64]
    retrieval: NDArray[np.float64]
    near: NDArray[np.bool_]
    right_found: NDArray[np.bool_]
    right_ranked: NDArray[np.bool_]
    block: str


class Fusion(NamedTuple):
    """score = relevance_weight * relevance + retrieval_weight * cosine, and what it reaches."""

    relevance_weight: float
    retrieval_weight: float
    recall_retrieval: float
    recall_fused: float
    low: float  # lower end of the 95 % interval of their difference

    @property
    def verdict(self) -> str:
        return "ranker used" if self.relevance_weight else "ranker unused"


def fit_fusion(frames: Sequence[FrameScores]) -> Fusion:
    """Return the weights under which a softmax over the candidates puts most mass where the truth
    is, among those that lose no Recall@1 against retrieval alone.

    "No" is: none on these frames, and not more than ALLOWED_LOSS at the lower end of the paired
    bootstrap's interval. Frames without a near candidate have no say in the likelihood.
    """
    alone = [_fused(frames, 0.0, b) for b in RETRIEVAL_WEIGHTS if b]
    best = max(alone, key=lambda pair: pair[0])
    weights = sorted(
        (
            _fused(frames, a, b)
            for a, b in itertools.product(RELEVANCE_WEIGHTS, RETRIEVAL_WEIGHTS)
            if a
        ),
        key=lambda pair: -pair[0],
    )
    for likelihood, fusion in weights:
        if likelihood <= best[0]:
            break
        if fusion.recall_fused >= fusion.recall_retrieval and fusion.low >= -ALLOWED_LOSS:
            return fusion
    return best[1]


def _fused(frames: Sequence[FrameScores], a: float, b: float) -> tuple[float, Fusion]:
    likelihood, before, after = 0.0, [], []
    for frame in frames:
        score = a * frame.relevance + b * frame.retrieval
        if frame.near.any():
            mass = np.exp(score - score.max())
            likelihood += float(np.log(max(mass[frame.near].sum() / mass.sum(), 1e-6)))
        before.append(len(score) > 0 and bool(frame.right_found[frame.retrieval.argmax()]))
        right = frame.right_ranked if a else frame.right_found
        after.append(len(score) > 0 and bool(right[score.argmax()]))
    gain = paired_difference(after, before, [frame.block for frame in frames])
    return likelihood, Fusion(a, b, float(np.mean(before)), float(np.mean(after)), gain.low)
