"""What a ranker is worth on mined lists: Recall@1 beside the retriever's, AP, and metres."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgegeo.evaluation.ranking_metrics import ap_game4loc
from edgegeo.learn.encoded_pairs import SeenPairs
from edgegeo.learn.fusion import FrameScores
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.ranker import peak

GRID = EncoderConfig().grid
AT_ONCE = 64  # lists


class Judged(NamedTuple):
    """Of the lists as the retriever had them: a truth that was forced in is not there."""

    recall_at_1_retrieval: float
    recall_at_1: float  # by the ranker alone
    median_m: float | None  # error of the first candidate's position; None without places
    ap: float  # Game4Loc's, within the list; 0 for one without a truth

    def better_than(self, other: "Judged") -> bool:
        mine, theirs = self.median_m or 0.0, other.median_m or 0.0
        return (self.recall_at_1, -mine) > (other.recall_at_1, -theirs)


@torch.no_grad()
def score(ranker: nn.Module, pairs: SeenPairs) -> tuple[NDArray[np.float64], Tensor]:
    """Return relevance (q, n) of every pair, and offsets (q, n, 2) as (east, north).

    `ranker` takes the inputs of `pairs`, float32, and gives logits (q, n, s, s) over shifts.
    """
    scores, offsets = [], []
    for first in range(0, len(pairs.offset), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        seen = [torch.from_numpy(array[some]).float() for array in pairs.seen]
        logits = ranker(*seen).flatten(2)
        scores.append(torch.logsumexp(logits, 2))
        offsets.append(peak(logits.flatten(0, 1), GRID)[0].reshape(*logits.shape[:2], 2))
    return torch.cat(scores).double().numpy(), torch.cat(offsets)


def judge(ranker: nn.Module, pairs: SeenPairs) -> Judged:
    """Re-rank the lists by the ranker alone; a tie goes to the retriever's order."""
    return judge_scores(*score(ranker, pairs), pairs)


def judge_scores(relevance: NDArray[Any], offsets: Tensor | None, pairs: SeenPairs) -> Judged:
    """Judge what `score` gave; without offsets, as of a ranker that gives none, no metres."""
    ranked = order(relevance, pairs)
    rows, first = np.arange(len(ranked)), ranked[:, 0]
    metres = None
    true = pairs.offset[rows, first] * np.array([1, -1])  # east, north
    if offsets is not None and pairs.tile_m is not None and np.isfinite(true).all():
        off = np.linalg.norm(offsets.numpy()[rows, first] - true, axis=1)
        metres = float(np.median(off)) * pairs.tile_m
    right = np.take_along_axis(pairs.candidates.is_truth & as_retrieved(pairs), ranked, axis=1)
    precision = [ap_game4loc(np.flatnonzero(row).tolist()) or 0.0 for row in right]
    return Judged(before(pairs), float(right[:, 0].mean()), metres, float(np.mean(precision)))


def order(relevance: NDArray[Any], pairs: SeenPairs) -> NDArray[np.int64]:
    """Return (q, n) columns of each list, best first; what the retriever had not put there last."""
    return np.where(as_retrieved(pairs), -relevance, np.inf).argsort(1, kind="stable")


def before(pairs: SeenPairs) -> float:
    """Return Recall@1 of retrieval: the first of each list, unless it was forced in."""
    return float((pairs.candidates.is_truth & as_retrieved(pairs))[:, 0].mean())


def as_retrieved(pairs: SeenPairs) -> NDArray[np.bool_]:
    """Return (q, n): the candidates the retriever itself has put there."""
    found = pairs.candidates
    return (found.rows >= 0) & ~(found.forced[:, None] & found.is_truth)


def frame_scores(relevance: NDArray[np.float64], pairs: SeenPairs) -> list[FrameScores]:
    """Return what `fusion.fit_fusion` needs of each list."""
    found, there = pairs.candidates, as_retrieved(pairs)
    return [
        FrameScores(
            relevance=relevance[i, there[i]],
            retrieval=found.scores[i, there[i]].astype(np.float64),
            near=found.is_truth[i, there[i]],
            right_found=found.is_truth[i, there[i]],
            right_ranked=found.is_truth[i, there[i]],
            block=pairs.blocks[i],
        )
        for i in range(len(found.rows))
    ]
