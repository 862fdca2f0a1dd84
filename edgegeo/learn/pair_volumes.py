"""What the student's relation sees of mined candidates: two volumes of each pair.

    cosine, overlap  (q, n, s, s) float16  at the turn and scale the ranker finds best

The relation judges them (models.ranker.Ranker.volumes), and an epoch over thousands of lists takes
seconds. Kept as `encoded_pairs` keeps what a ranker sees.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edgegeo import pairs
from edgegeo.building.progress import Progress
from edgegeo.learn.encoded_pairs import EncodedPairs, SeenPairs, seen_pairs
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.ranker import Ranker
from edgegeo.models.student import REACH, Relation

PAIRS = 96  # related at once


def pair_volumes(candidates: Path, model: Path, relation: Relation, out: Path) -> SeenPairs:
    """Relate every mined pair, or read `out` where it holds just that.

    `model` is a model folder, `relation` chooses the turn and scale of each pair. Raises
    DataError where a picture of the set cannot be read.
    """
    ranker = Ranker(relation, EncoderConfig()).eval()
    # all of the relation that the choice of turn and scale depends on
    power = float(relation.power.detach())
    names = ("cosine", "overlap")
    return seen_pairs(candidates, model, out, names, lambda e: _related(e, ranker), power=power)


def _related(encoded: EncodedPairs, ranker: Ranker) -> list[NDArray[np.float16]]:
    q, n = encoded.column.shape
    side = 2 * REACH + 1
    made = [np.zeros((q, n, side, side), np.float16) for _ in range(2)]
    counter = Progress("relate", q, True)
    at_once = max(1, PAIRS // n)
    for first in range(0, q, at_once):
        some = slice(first, min(first + at_once, q))
        rows = encoded.column[some]
        similar = np.einsum("qmd,qnd->qnm", encoded.moved[some], encoded.embedding[rows])
        tokens = pairs.gather(encoded.tile_tokens, encoded.tile_scales, rows.ravel())
        with torch.no_grad():
            volumes = ranker.volumes(
                torch.from_numpy(encoded.tokens[some]),
                torch.arange(len(rows)).repeat_interleave(n),
                torch.from_numpy(similar.argmax(2).ravel()),
                torch.from_numpy(tokens),
            )
        for kept, new in zip(made, volumes, strict=False):
            kept[some] = new.reshape(-1, n, side, side).numpy()
        counter.update(some.stop)
    return made
