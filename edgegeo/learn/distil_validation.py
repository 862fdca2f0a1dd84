"""What a relation is worth on mined lists: Recall@1 beside the retriever's, and metres."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgegeo.learn.fusion import FrameScores
from edgegeo.learn.pair_volumes import PairVolumes
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.ranker import peak
from edgegeo.models.student import Relation

GRID = EncoderConfig().grid
AT_ONCE = 64  # lists


class Judged(NamedTuple):
    """Of the lists as the retriever had them: a truth that was forced in is not there."""

    recall_at_1_retrieval: float
    recall_at_1: float  # by the relation alone
    median_m: float | None  # error of the first candidate's position; None without places

    def better_than(self, other: "Judged") -> bool:
        mine, theirs = self.median_m or 0.0, other.median_m or 0.0
        return (self.recall_at_1, -mine) > (other.recall_at_1, -theirs)


@torch.no_grad()
def score(relation: Relation, volumes: PairVolumes) -> tuple[NDArray[np.float64], Tensor]:
    """Return relevance (q, n) of every pair, and offsets (q, n, 2) as (east, north)."""
    scores, offsets = [], []
    for first in range(0, len(volumes.cosine), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        cosine, overlap = map(torch.from_numpy, (volumes.cosine[some], volumes.overlap[some]))
        logits = relation(cosine.float(), overlap.float()).flatten(2)
        scores.append(torch.logsumexp(logits, 2))
        offsets.append(peak(logits.flatten(0, 1), GRID)[0].reshape(*logits.shape[:2], 2))
    return torch.cat(scores).double().numpy(), torch.cat(offsets)


def judge(relation: Relation, volumes: PairVolumes) -> Judged:
    """Re-rank the lists by the relation alone; a tie goes to the retriever's order."""
    relevance, offsets = score(relation, volumes)
    order = np.where(as_retrieved(volumes), relevance, -np.inf).argmax(1)
    rows = np.arange(len(order))
    metres = None
    if volumes.tile_m is not None and np.isfinite(volumes.offset[rows, order]).all():
        true = volumes.offset[rows, order] * np.array([1, -1])  # east, north
        off = np.linalg.norm(offsets.numpy()[rows, order] - true, axis=1)
        metres = float(np.median(off)) * volumes.tile_m
    truth = volumes.candidates.is_truth
    return Judged(before(volumes), float(truth[rows, order].mean()), metres)


def before(volumes: PairVolumes) -> float:
    """Return Recall@1 of retrieval: the first of each list, unless it was forced in."""
    return float((volumes.candidates.is_truth & as_retrieved(volumes))[:, 0].mean())


def as_retrieved(volumes: PairVolumes) -> NDArray[np.bool_]:
    """Return (q, n): the candidates the retriever itself has put there."""
    found = volumes.candidates
    return (found.rows >= 0) & ~(found.forced[:, None] & found.is_truth)


def frame_scores(relevance: NDArray[np.float64], volumes: PairVolumes) -> list[FrameScores]:
    """Return what `fusion.fit_fusion` needs of each list."""
    found, there = volumes.candidates, as_retrieved(volumes)
    return [
        FrameScores(
            relevance=relevance[i, there[i]],
            retrieval=found.scores[i, there[i]].astype(np.float64),
            near=found.is_truth[i, there[i]],
            right_found=found.is_truth[i, there[i]],
            right_ranked=found.is_truth[i, there[i]],
            block=volumes.blocks[i],
        )
        for i in range(len(found.rows))
    ]
