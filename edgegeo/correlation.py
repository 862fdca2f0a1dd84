"""The ranker on a CPU: the token grids of crop and tile correlated where they are stored.

What the correlation means is said by the trained relation of an engine, or by fixed log-odds: the
reference that a trained ranker has to beat, and a ranker for encoders that have none.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgegeo import relate
from edgegeo.agreement import Found
from edgegeo.backends import Runner
from edgegeo.gallery import Gallery
from edgegeo.search import Pool

TURNS_DEG = (-6.0, 0.0, 6.0)  # beside the turn that the embedding was found by
SCALES = (0.8, 0.89, 1.0, 1.12, 1.25)
REACH = 6  # tokens: shifts searched each way; a tile is 16 tokens wide
# Copies looked at in full resolution for a relation: it was taught with the one that half
# resolution chooses.
KEEP_FOR_RELATION = 1
# log-odds = exp(LOG_GAIN) * cosine * overlap^POWER - NULL: what training begins with, too.
LOG_GAIN, POWER, NULL = 2.7, 0.5, 8.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judge:
    """A trained relation: `network` is relation.onnx, which says what a volume means; `power` is
    that of the overlap by which turns and scales are compared before."""

    network: Runner
    power: float


@dataclass(frozen=True, eq=False)
class Correlation:
    """Ranks by the correlation of tokens, straight from the gallery's int8 rows.

    Without a judge the log-odds are `exp(LOG_GAIN) * cosine * overlap^POWER - NULL`.
    """

    pool: Pool | None = None
    judge: Judge | None = None

    def ask(
        self,
        gallery: Gallery,
        tokens: NDArray[np.float32],
        turn_deg: Floats,
        found: Found,
        rows: NDArray[np.int64],
    ) -> dict[str, Floats]:
        """Return of n pairs what the ranker network would say, by the names of its outputs.

        tokens (l, t, c) of every look; turn_deg (m,) what each move supposes the heading to be
        more than the look does; rows (n,) of `found`.
        """
        side = math.isqrt(tokens.shape[1])
        keep = KEEP_FOR_RELATION if self.judge else relate.KEEP
        supposed, of_turn = np.unique(turn_deg[found.move[rows]], return_inverse=True)
        look, of_look = np.unique(found.look[rows], return_inverse=True)
        used, of = np.unique(of_look * len(supposed) + of_turn, return_inverse=True)
        transforms = [
            (float(turn + beside), scale)
            for turn in supposed
            for beside, scale in itertools.product(TURNS_DEG, SCALES)
        ]
        turns, scales = zip(*transforms, strict=True)
        # All turns of every look that any of its pairs needs: few are made for nothing.
        made = relate.turned(tokens[look], turns, scales, pool=self.pool)
        copies = made.tokens.reshape(len(look) * len(supposed), -1, *tokens.shape[1:])
        queries = relate.Turned(copies[used], np.repeat(made.scales, len(supposed))[used])
        related = relate.relate(
            queries,
            of.astype(np.int32),
            gallery.tokens,
            gallery.token_scales,
            found.tile[rows].astype(np.int32),
            reach=reach_of(side),
            power=self.judge.power if self.judge else POWER,
            keep=None if side % 2 else keep,
            volume=True,
            pool=self.pool,
        )
        assert related.cosine is not None
        assert related.overlap is not None
        chosen = np.array(transforms)[of_turn * copies.shape[1] + related.copy]
        return {
            **self._said(related.cosine, related.overlap, side),
            "turn": chosen[:, 0],
            "scale": chosen[:, 1],
        }

    def _said(
        self, cosine: NDArray[np.float32], overlap: NDArray[np.float32], side: int
    ) -> dict[str, Floats]:
        if self.judge is None:
            logits = math.exp(LOG_GAIN) * cosine * (overlap + 1e-4) ** POWER - NULL
            return peak(logits.astype(np.float64), side)
        said = self.judge.network.run({"cosine": cosine, "overlap": overlap})
        return {name: values.astype(np.float64) for name, values in said.items()}


def reach_of(side: int) -> int:
    """Return by how many tokens grids of `side` are shifted each way."""
    return min(REACH, side - 1)


def peak(logits: Floats, side: int) -> dict[str, Floats]:
    """Return what volumes of log-odds (k, s, s) say, `side` tokens being a tile.

    relevance (k,) log-odds of the crop's centre lying on the tile; offset (k, 2) of their peak as
    (east, north) and log_variance (k,) of it, in tile sides: as `models.ranker.peak`.
    """
    k, s, _ = logits.shape
    flat = logits.reshape(k, s * s)
    highest = flat.max(1)
    relevance = highest + np.log(np.exp(flat - highest[:, None]).sum(1))
    place = np.stack(np.meshgrid(*[np.arange(s) - s // 2] * 2, indexing="ij"), -1).reshape(-1, 2)
    near = np.abs(place - place[flat.argmax(1)][:, None]).max(2) <= 1
    p = np.where(near, np.exp(flat - highest[:, None]), 0.0)
    p /= p.sum(1, keepdims=True)
    mean = p @ place  # (k, 2) as (south, east)
    spread = (p * np.square(place - mean[:, None]).sum(2)).sum(1) / 2
    return {
        "relevance": relevance,
        "offset": np.stack([mean[:, 1], -mean[:, 0]], 1) / side,
        "log_variance": np.log(spread / side**2 + 1e-5),
    }
