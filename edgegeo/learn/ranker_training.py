"""Teach the LVLM ranker from mined candidates, on one process or many, killed or not.

What happens at a step depends on the recipe and the step alone: which queries, in which order,
and what dropout draws for each. Processes share a step's queries; their gradients are added up
before the update, so the number of processes changes the curve only by the order of sums.
"""

import hashlib
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor

from edgegeo.building.progress import Progress
from edgegeo.datasets.pictures import Fit
from edgegeo.errors import DataError, RangeError
from edgegeo.learn.candidate_pairs import CandidatePairs, LabelSource, Lesson, held_out_places
from edgegeo.learn.curve import Curve
from edgegeo.learn.ranker_checkpoint import load_checkpoint, save_best, save_checkpoint
from edgegeo.learn.ranker_recipe import RankerRecipe
from edgegeo.learn.ranker_validation import outcomes, recall
from edgegeo.learn.ranking_losses import LOSSES
from edgegeo.learn.schedule import warm_cosine
from edgegeo.models.lvlm import LvlmRanker, open_lvlm
from edgegeo.provenance import commit, versions

PACKAGES = ("torch", "transformers", "peft", "accelerate", "safetensors")


class RankerTraining:
    """One process's part of a run; `run` goes on from OUT's checkpoint to the last step."""

    def __init__(self, recipe: RankerRecipe, out: Path, shown: bool = True) -> None:
        self.recipe, self.out = recipe, out
        self.accelerator = Accelerator(cpu=not torch.cuda.is_available())
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        if recipe.batch % self.world:
            raise RangeError.of("batch", f"a multiple of {self.world} processes", recipe.batch)
        self.pairs, self.validation, self.learned_from, self.judged_on = lists(recipe)
        self.identity = {**asdict(recipe), "candidates_sha256": sha256_of(recipe)}
        self.per_epoch = len(self.learned_from) // recipe.batch
        if not self.per_epoch:
            count = len(self.learned_from)
            raise DataError(f"{recipe.train}: {count} queries do not fill a batch")
        self.steps = recipe.epochs * self.per_epoch
        self.shown = shown and self.accelerator.is_main_process
        self.labels = LabelSource(
            name=recipe.labels, threshold=recipe.threshold, tau_m=recipe.tau_m
        )
        self.ranker: LvlmRanker = open_lvlm(recipe.spec()).to(self.accelerator.device)
        self.parameters = [p for _, p in self.ranker.learned()]
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    def run(self) -> dict[str, Any]:
        """Train to the end and return the best validation's figures."""
        recipe, main = self.recipe, self.accelerator.is_main_process
        self.out.mkdir(parents=True, exist_ok=True)
        found = load_checkpoint(self.out, self.ranker, self.optimiser, self.identity)
        state = found or {"step": 0, "updates": 0, "loss": 0.0, "best": None}
        state["recipe"] = self.identity
        curve = Curve(self.out, state["step"], recipe.tensorboard) if main else None
        progress = Progress("train", self.steps, self.shown)
        ahead = ThreadPoolExecutor(1)
        upcoming = ahead.submit(self.lessons, state["step"])
        began, first = time.monotonic(), state["step"]
        for step in range(state["step"], self.steps):
            lessons = upcoming.result()
            upcoming = ahead.submit(self.lessons, step + 1)  # read while the model is at work
            state["loss"] += self.step(step, lessons, state) / recipe.report_every
            done = state["step"] = step + 1
            line: dict[str, Any] = {"step": done}
            if done % recipe.report_every == 0:
                line |= {"loss": state["loss"], "rate": self.rate(step)}
                line |= {"s_per_step": round((time.monotonic() - began) / (done - first), 3)}
                state["loss"] = 0.0
            judged = done % recipe.validate_every == 0 or done == self.steps
            if judged:
                line |= self.validate()
                line |= {"skipped": self.skipped()}
            if main and curve is not None and len(line) > 1:
                curve.add(line)
            if judged and main and is_better(line, state["best"]):
                state["best"] = {
                    k: v for k, v in line.items() if k not in ("loss", "rate", "s_per_step")
                }
                save_best(self.out, self.ranker, {**self.card(), **state["best"]})
            if main and (judged or done % recipe.save_every == 0):
                save_checkpoint(self.out, self.ranker, self.optimiser, state)
            progress.update(done)
        ahead.shutdown(cancel_futures=True)
        if curve is not None:
            curve.close()
        self.accelerator.wait_for_everyone()
        return dict(state["best"] or {})

    def numbers(self, step: int) -> list[int]:
        """Return the queries of a step, over all processes; none behind the last step."""
        epoch, place = divmod(step, self.per_epoch)
        order = np.random.default_rng((self.recipe.seed, epoch)).permutation(self.learned_from)
        start = place * self.recipe.batch
        return [] if step >= self.steps else order[start : start + self.recipe.batch].tolist()

    def lessons(self, step: int) -> list[tuple[int, Lesson]]:
        """Read this process's share of a step, each with its place in the whole batch."""
        numbers = list(enumerate(self.numbers(step)))[self.rank :: self.world]
        read = [(place, self.pairs.lesson(number, self.labels)) for place, number in numbers]
        return [(place, lesson) for place, lesson in read if lesson is not None]

    def step(
        self, step: int, lessons: Sequence[tuple[int, Lesson]], state: dict[str, Any]
    ) -> float:
        """Learn from one batch and return its mean loss; DataError where it is not finite."""
        self.ranker.train()
        self.optimiser.zero_grad(set_to_none=False)
        total, bad = torch.zeros((), device=self.accelerator.device), []
        for place, lesson in lessons:
            seeds = np.random.SeedSequence((self.recipe.seed, step, place))
            torch.manual_seed(int(seeds.generate_state(1)[0]))
            loss = self.query_loss(lesson)
            if not torch.isfinite(loss):
                bad.append(lesson.query.id)
                continue
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        count = torch.tensor(float(len(lessons)), device=self.accelerator.device)
        norm = self.share_gradients(total, count)
        if bad := gather_object(bad):
            raise self.stopped(step, f"the loss of {', '.join(bad)} is not finite")
        if not int(count):
            return 0.0
        if not math.isfinite(norm):
            ids = ", ".join(self.pairs.queries[n].id for n in self.numbers(step))
            raise self.stopped(step, f"the gradient of {ids} is not finite")
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(step)
        self.optimiser.step()
        state["updates"] += 1
        return float(total) / float(count)

    def query_loss(self, lesson: Lesson) -> Tensor:
        """All candidates of a query in one forward."""
        scores = self.score(lesson)[None]
        labels = lesson.labels.to(scores.device)
        return LOSSES[self.recipe.loss](scores, labels, torch.zeros_like(labels, dtype=torch.bool))

    def score(self, lesson: Lesson) -> Tensor:
        return self.ranker.score(lesson.frame, lesson.tiles)

    def share_gradients(self, total: Tensor, count: Tensor) -> float:
        """Make gradients, `total` and `count` those of all processes; clip, return the norm."""
        grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters]
        if self.world > 1:
            flat = torch.cat([total[None], count[None], *(g.flatten() for g in grads)])
            flat = self.accelerator.reduce(flat, "sum")
            total.copy_(flat[0])
            count.copy_(flat[1])
            parts = flat[2:].split([p.numel() for p in self.parameters])
            grads = [part.view_as(p) for part, p in zip(parts, self.parameters, strict=True)]
        for parameter, grad in zip(self.parameters, grads, strict=True):
            parameter.grad = grad / count.clamp(min=1)
        return float(torch.nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip))

    def validate(self) -> dict[str, Any]:
        self.ranker.eval()
        mine = self.judged_on[self.rank :: self.world]
        found = gather_object(outcomes(self.validation, mine, self.score))
        if not found:
            raise DataError("no query is left to validate on: all their images are bad")
        return recall(found)

    def skipped(self) -> int:
        """Return how many pictures could not be read so far, by any process."""
        mine = self.pairs.skipped | self.validation.skipped
        return len(set(gather_object(sorted(mine))))

    def rate(self, step: int) -> float:
        return warm_cosine(step, self.steps, self.recipe.warmup, self.recipe.learning_rate)

    def card(self) -> dict[str, Any]:
        mined = self.pairs.candidates.provenance
        made = {"recipe": asdict(self.recipe), "candidates": dict(mined)}
        return {**made, "commit": commit(), "versions": versions(*PACKAGES)}

    def stopped(self, step: int, why: str) -> DataError:
        return DataError(
            f"step {step + 1}: {why}; stopped, the last checkpoint is kept in {self.out}. A lower "
            "learning_rate, or float32, may help"
        )


def lists(
    recipe: RankerRecipe,
) -> tuple[CandidatePairs, CandidatePairs, list[int], list[int]]:
    """Return the pairs to learn from and to validate on, and the numbers of their queries."""
    fit: Fit = "crop" if recipe.fit == "crop" else "stretch"
    skip = recipe.bad_images == "skip"

    def opened(path: str) -> CandidatePairs:
        return CandidatePairs(Path(path), recipe.px, fit, recipe.candidates, skip)

    pairs = opened(recipe.train)
    if recipe.val:
        validation = opened(recipe.val)
        learned = np.arange(len(pairs.queries))
        judged = np.arange(len(validation.queries))
    else:
        validation = pairs
        out = held_out_places(pairs.queries, recipe.held_out, recipe.seed)
        learned, judged = np.flatnonzero(~out), np.flatnonzero(out)
    count = min(recipe.val_queries, len(judged))
    spread = judged[np.linspace(0, len(judged) - 1, count).round().astype(int)]
    return pairs, validation, learned.tolist(), spread.tolist()


def sha256_of(recipe: RankerRecipe) -> list[str]:
    """Return the hashes of the candidates: mined again, they are another run's."""
    paths = [Path(path) for path in (recipe.train, recipe.val) if path]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def is_better(line: dict[str, Any], best: dict[str, Any] | None) -> bool:
    return best is None or line["recall_at_1_reranked"] > best["recall_at_1_reranked"]
