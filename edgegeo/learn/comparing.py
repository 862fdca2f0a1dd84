"""Rankers that differ in one thing, taught on the same lists, and what each is worth on others.

A result is what learn.comparison_table reads: the figures of `Judged`, and `right`, for each place
a text with a 1 for a query whose first candidate is right and a 0 for one whose first is not.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from edgegeo import durable
from edgegeo.learn.distil_recipe import DistilRecipe
from edgegeo.learn.distil_validation import judge_scores, order, score
from edgegeo.learn.distilling import epochs, lists_of
from edgegeo.learn.encoded_pairs import SeenPairs
from edgegeo.models.cross_attention import CrossAttention
from edgegeo.models.student import EveryScale, Relation

KINDS: Mapping[str, type[nn.Module]] = {
    "relation": Relation,
    "scales": EveryScale,
    "cross-attention": CrossAttention,
}


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One row of a table; its recipe's seed is that of each run.

    Where its recipe begins with the student, the student's relation is taught on.
    """

    name: str
    recipe: DistilRecipe
    kind: str = "relation"  # of KINDS


def taught(
    variant: Variant,
    seed: int,
    pairs: SeenPairs,
    teacher: NDArray[np.float32] | None,
    student: Relation,
    kept: Path,
) -> nn.Module:
    """Return the variant after the last epoch of its recipe, from `kept` if it is there.

    No epoch is chosen: lists that a choice was made on would flatter it.
    """
    recipe = replace(variant.recipe, seed=seed)
    lists = hashlib.sha256(Path(recipe.train).read_bytes()).hexdigest()
    scores = None if teacher is None else hashlib.sha256(teacher.tobytes()).hexdigest()
    made_of = json.dumps([variant.kind, asdict(recipe), lists, scores])
    torch.manual_seed(seed)
    ranker = KINDS[variant.kind]()
    if recipe.begin == "student":
        ranker.load_state_dict(student.state_dict())
    if kept.exists():
        with safe_open(kept, framework="pt") as file:
            if (file.metadata() or {}).get("made_of") == made_of:
                ranker.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
                return ranker
    for _ in epochs(ranker, lists_of(pairs, recipe, teacher), recipe):
        pass
    durable.write_file(kept, save(ranker.state_dict(), {"made_of": made_of}))
    return ranker


def result(ranker: nn.Module, pairs: SeenPairs) -> dict[str, Any]:
    """Return the figures of a ranker on lists, and which queries it had right."""
    return result_of_scores(*score(ranker, pairs), pairs)


def result_of_scores(
    relevance: NDArray[Any], offsets: torch.Tensor | None, pairs: SeenPairs
) -> dict[str, Any]:
    """Return the same of scores (q, n)."""
    first = order(relevance, pairs)[:, 0]
    right = pairs.candidates.is_truth[np.arange(len(first)), first]
    places: dict[str, str] = {}
    for block, one in zip(pairs.blocks, right, strict=True):
        places[block] = places.get(block, "") + str(int(one))
    judged = judge_scores(relevance, offsets, pairs)
    return {**judged._asdict(), "right": [*places.values()]}
