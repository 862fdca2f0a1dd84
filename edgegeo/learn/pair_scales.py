"""What a relation sees of mined candidates at every scale: two volumes of each pair and scale.

    cosine, overlap  (q, n, g, s, s) float16  at the turn that fits best at each of g scales

Made as in flight: the kernel `relate` lays int8 copies of a frame's tokens on those stored. Kept as
`encoded_pairs` keeps what a ranker sees.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import relate
from edgegeo.building.progress import Progress
from edgegeo.correlation import REACH, SCALES, TURNS_DEG
from edgegeo.learn.encoded_pairs import EncodedPairs, SeenPairs, seen_pairs
from edgegeo.models.encoder import EncoderConfig, turns
from edgegeo.models.ranker import SHIFTS
from edgegeo.models.student import Relation

FRAMES = 16  # related at once


def pair_scales(candidates: Path, model: Path, relation: Relation, out: Path) -> SeenPairs:
    """Relate every mined pair at every scale, or read `out` where it holds just that.

    `model` is a model folder; by the `relation`'s power of the overlap turns are compared, at half
    resolution. Raises DataError where a picture of the set cannot be read.
    """
    power = float(relation.power.detach())
    names = ("cosine", "overlap")
    return seen_pairs(
        candidates, model, out, names, lambda e: _related(e, power), power=power, scales=len(SCALES)
    )


def _related(encoded: EncodedPairs, power: float) -> list[NDArray[np.float16]]:
    bases = turns(EncoderConfig()).tolist()
    copies = [(base + turn, scale) for base in bases for scale in SCALES for turn in TURNS_DEG]
    turns_deg, scales = zip(*copies, strict=True)
    (q, n), g, side = encoded.column.shape, len(SCALES), 2 * REACH + 1
    made = [np.zeros((q, n, g, side, side), np.float16) for _ in range(2)]
    counter = Progress("relate", q, True)
    for first in range(0, q, FRAMES):
        some = slice(first, min(first + FRAMES, q))
        rows = encoded.column[some]
        similar = np.einsum("qmd,qnd->qnm", encoded.moved[some], encoded.embedding[rows])
        frames = relate.turned(encoded.tokens[some], turns_deg, scales)
        # A query is a frame under one base turn and scale: all that differ in the turn beside it.
        queries = relate.Turned(
            frames.tokens.reshape(-1, len(TURNS_DEG), *frames.tokens.shape[2:]),
            np.repeat(frames.scales, len(bases) * g),
        )
        base = np.arange(len(rows))[:, None] * len(bases) + similar.argmax(2) // SHIFTS
        of = base[..., None] * g + np.arange(g)
        related = relate.relate(
            queries,
            of.astype(np.int32).ravel(),
            encoded.tile_tokens,
            encoded.tile_scales,
            np.repeat(rows.ravel(), g),
            reach=REACH,
            power=power,
            keep=1,
            volume=True,
        )
        for kept, new in zip(made, (related.cosine, related.overlap), strict=True):
            assert new is not None
            kept[some] = new.reshape(-1, n, g, side, side)
        counter.update(some.stop)
    return made
