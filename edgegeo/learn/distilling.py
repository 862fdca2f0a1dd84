"""Teach a ranker from the truth and a teacher's scores, the encoder frozen.

The query's own tokens see each other in the encoder, whose stride-16 stage and context spread over
half a tile; the student's relation then compares them with a tile's by correlation and has no
attention to keep or to drop.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgegeo.errors import DataError
from edgegeo.learn import distilling_losses as losses
from edgegeo.learn import soft_labels
from edgegeo.learn.distil_recipe import DistilRecipe
from edgegeo.learn.distil_validation import Judged
from edgegeo.learn.encoded_pairs import SeenPairs
from edgegeo.learn.losses import nowhere_loss
from edgegeo.learn.ranking_losses import listwise_loss
from edgegeo.learn.schedule import warm_cosine
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.student import REACH

GRID = EncoderConfig().grid
CLIP = 1.0


class Lists(NamedTuple):
    """q lists of n candidates as tensors, see SeenPairs and Candidates."""

    seen: tuple[Tensor, ...]
    offset: Tensor
    shows: Tensor  # (q, n) the tile shows the frame's centre, within reach of the shifts
    is_truth: Tensor
    same: Tensor  # (q, n) the tile shows some of the frame, or is padding
    padding: Tensor
    labels: Tensor
    teacher: Tensor | None  # (q, n) in log-odds

    def part(self, rows: Tensor) -> "Lists":
        others = {n: v[rows] for n, v in self._asdict().items() if isinstance(v, Tensor)}
        return self._replace(**others, seen=tuple(each[rows] for each in self.seen))


def lists_of(pairs: SeenPairs, recipe: DistilRecipe, teacher: NDArray[np.float32] | None) -> Lists:
    """Put together what is seen, soft labels, and the teacher's scores (q, n) as log-odds."""
    found = pairs.candidates
    padding = torch.from_numpy(found.rows < 0)
    truth = torch.from_numpy(found.is_truth)
    offset = torch.from_numpy(pairs.offset)
    inside = (offset.abs() * GRID <= REACH).all(-1)  # nan is not
    scores = None
    if teacher is not None:
        raw = torch.from_numpy(teacher)
        if raw.shape != padding.shape or not bool(torch.isfinite(raw[~padding]).all()):
            raise DataError(f"teacher scores must be finite, {tuple(padding.shape)}, one a pair")
        scores = raw * losses.log_odds_scale(raw, truth, padding)
    return Lists(
        seen=tuple(torch.from_numpy(array) for array in pairs.seen),
        offset=offset,
        shows=inside & truth & ~padding,
        is_truth=truth,
        same=_same(pairs, truth, padding),
        padding=padding,
        labels=_labels(pairs, recipe, truth, padding),
        teacher=scores,
    )


def _same(pairs: SeenPairs, truth: Tensor, padding: Tensor) -> Tensor:
    overlap = pairs.candidates.overlap
    return truth | padding if overlap is None else truth | padding | (torch.from_numpy(overlap) > 0)


def _labels(pairs: SeenPairs, recipe: DistilRecipe, truth: Tensor, padding: Tensor) -> Tensor:
    found = pairs.candidates
    if recipe.labels == "hard":
        return soft_labels.hard_labels(truth, padding)
    if recipe.labels == "similarity":
        given = torch.from_numpy(found.similarity)
        return soft_labels.similarity_labels(given, truth, padding, recipe.threshold)
    values = found.overlap if recipe.labels == "overlap" else found.distance_m
    if values is None:
        raise DataError(f"the set does not say where its images are: no labels by {recipe.labels}")
    given = torch.from_numpy(values)
    if recipe.labels == "overlap":
        return soft_labels.overlap_labels(given, truth, padding)
    return soft_labels.distance_labels(given, truth, padding, recipe.tau_m)


def distil(
    ranker: nn.Module,
    train: Lists,
    judge: Callable[[nn.Module], Judged],
    recipe: DistilRecipe,
    report: Callable[[dict[str, Any]], None],
) -> Judged:
    """Teach `ranker` in place and leave it as it was judged best, by Recall@1 on validation.

    `report` is given a line an epoch. Raises DataError where a loss is not finite.
    """
    best, kept = judge(ranker), _copy(ranker)
    report({"epoch": 0, **best._asdict()})
    for epoch, loss in enumerate(epochs(ranker, train, recipe), 1):
        judged = judge(ranker)
        report({"epoch": epoch, "loss": loss, **judged._asdict()})
        if judged.better_than(best):
            best, kept = judged, _copy(ranker)
    ranker.load_state_dict(kept)
    return best


def epochs(ranker: nn.Module, train: Lists, recipe: DistilRecipe) -> Iterator[float]:
    """Teach `ranker` in place, an epoch a step of the iterator, and give its mean loss.

    Raises DataError where a loss is not finite, or the lists do not fill a batch.
    """
    torch.manual_seed(recipe.seed)
    optimiser = torch.optim.AdamW(ranker.parameters(), weight_decay=recipe.weight_decay)
    each = len(train.is_truth) // recipe.batch
    if not each:
        raise DataError(f"{len(train.is_truth)} lists do not fill a batch of {recipe.batch}")
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(train.is_truth))
        total = 0.0
        for number in range(each):
            step = epoch * each + number
            rows = order[number * recipe.batch : (number + 1) * recipe.batch]
            loss = loss_of(ranker, train.part(rows), recipe)
            if not torch.isfinite(loss):
                raise DataError(f"epoch {epoch + 1}, batch {number + 1}: the loss is not finite")
            for group in optimiser.param_groups:
                rate = recipe.learning_rate
                group["lr"] = warm_cosine(step, recipe.epochs * each, recipe.warmup, rate)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(ranker.parameters(), CLIP)
            optimiser.step()
            total += float(loss.detach()) / each
        yield total


def loss_of(ranker: nn.Module, lists: Lists, recipe: DistilRecipe) -> Tensor:
    """What the truth says of tile, offset and "nowhere", and what the teacher says of the list."""
    logits: Tensor = ranker(*(each.float() for each in lists.seen))
    scores = torch.logsumexp(logits.flatten(2), 2)
    # "nowhere", whose log-odds are 0, is one more candidate, and never right here
    none = scores.new_zeros(len(scores), 1)
    parts = recipe.labels_weight * listwise_loss(
        torch.cat([scores, none], 1),
        torch.cat([lists.labels, none], 1),
        torch.cat([lists.padding, none.bool()], 1),
    )
    parts = parts + recipe.nowhere * nowhere_loss(logits, lists.same)
    if bool(lists.shows.any()):
        offset = losses.offset_loss(logits, lists.offset, lists.shows, GRID)
        parts = parts + recipe.offset * offset
    if lists.teacher is not None:
        teacher, padding = lists.teacher, lists.padding
        kl = losses.listwise_kl(scores, teacher, padding, recipe.temperature)
        parts = parts + recipe.kl * kl
        margin = losses.margin_mse(scores, teacher, lists.is_truth, padding)
        parts = parts + recipe.margin * margin
    return parts


def _copy(ranker: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in ranker.state_dict().items()}
