"""What a ranker without a correlation sees of mined candidates: the tokens themselves.

    frame  (q, 1, t / 4, c) float16  of the query
    tile   (q, n, t / 4, c) float16  of each candidate

Tokens are averaged two by two, so that attention between them costs what the correlation does.
Kept as `encoded_pairs` keeps what a ranker sees.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from edgegeo import pairs
from edgegeo.learn.encoded_pairs import EncodedPairs, SeenPairs, seen_pairs
from edgegeo.models.relate import grids


def pair_tokens(candidates: Path, model: Path, out: Path) -> SeenPairs:
    """Gather the tokens of every mined pair, or read `out` where it holds just that.

    `model` is a model folder. Raises DataError where a picture of the set cannot be read.
    """
    return seen_pairs(candidates, model, out, ("frame", "tile"), _tokens)


def _tokens(encoded: EncodedPairs) -> list[NDArray[np.float16]]:
    rows = np.arange(len(encoded.tile_tokens), dtype=np.int32)
    tiles = halved(pairs.gather(encoded.tile_tokens, encoded.tile_scales, rows))
    return [halved(encoded.tokens)[:, None], tiles[encoded.column]]


def halved(tokens: NDArray[np.float32]) -> NDArray[np.float16]:
    """(b, t, c) tokens of a grid as (b, t / 4, c) of one half as fine."""
    coarse = F.avg_pool2d(grids(torch.from_numpy(tokens)), 2)
    return coarse.flatten(2).transpose(1, 2).half().numpy()
