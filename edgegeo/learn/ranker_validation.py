"""What a re-ranker is worth: Recall@1 after it, beside the retriever's on the same queries."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from edgegeo.evaluation.bootstrap import paired_difference
from edgegeo.learn.candidate_pairs import CandidatePairs, Lesson


class Outcome(NamedTuple):
    """Was the first candidate right, before and after re-ranking?"""

    number: int
    block: str
    before: bool
    after: bool


@torch.no_grad()
def outcomes(
    pairs: CandidatePairs, numbers: Sequence[int], score: Callable[[Lesson], Tensor]
) -> list[Outcome]:
    """Re-rank the retriever's own lists, without any ground truth that was forced in.

    `score` gives (k,) of a lesson's candidates; a tie goes to the retriever's order.
    """
    found = []
    for number in numbers:
        lesson = pairs.lesson(number)
        if lesson is None or not lesson.tiles:
            continue
        best = int(score(lesson).float().cpu().numpy().argmax())
        before, after = bool(lesson.is_truth[0]), bool(lesson.is_truth[best])
        found.append(Outcome(number, lesson.query.block, before, after))
    return found


def recall(found: Sequence[Outcome], seed: int = 0) -> dict[str, Any]:
    """Return Recall@1 of retrieval and re-ranking, and the paired gain with its 95 % interval."""
    found = sorted(found)
    before = np.array([one.before for one in found])
    after = np.array([one.after for one in found])
    gain = paired_difference(after, before, [one.block for one in found], seed=seed)
    return {
        "val_queries": len(found),
        "recall_at_1_retrieval": float(before.mean()),
        "recall_at_1_reranked": float(after.mean()),
        "gain": gain.mean,
        "gain_low": gain.low,
        "gain_high": gain.high,
    }
