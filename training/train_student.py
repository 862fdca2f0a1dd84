"""Train the student: one encoder for frames and tiles, and the relation between their tokens.

    python -m training.train_student DATA OUT [--recipe training/recipes/student.toml]

Reads   DATA/naip, DATA/drone_ortho/seneca, DATA/texture (the train split) and landscapes made
        by code; DATA/naip/claremont (val) every few hundred steps, to choose, never to learn
Writes  OUT/student.pt       weights, optimiser and step: a killed run goes on from here
        OUT/metrics.jsonl    one line a report: losses, and on val retrieval Recall@1, Recall@32
                             and Recall@1 after re-ranking
"""

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgegeo.export.checkpoint import load_student
from edgegeo.learn import losses, places
from edgegeo.learn.pairs_of_views import Batch, Views, draw
from edgegeo.learn.recipe import load_recipe
from edgegeo.learn.schedule import warm_cosine
from edgegeo.learn.validation import Validation
from edgegeo.learn.whitening import fit_whitening
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.relate import grids, turn_and_scale
from edgegeo.models.student import REACH, Student


@dataclass(frozen=True, kw_only=True)
class StudentRecipe:
    steps: int = 2600
    pairs: int = 40
    learning_rate: float = 2.0e-3
    weight_decay: float = 0.03
    warmup: int = 100
    ema: float = 0.998
    turn_noise_deg: float = 3.5  # what is left after the ranker's search over turns
    scale_noise: float = 0.05
    seed: int = 0
    landscapes: int = 60
    report_every: int = 50
    validate_every: int = 400


def step_loss(student: Student, batch: Batch, recipe: StudentRecipe) -> dict[str, torch.Tensor]:
    count = len(batch.tiles)
    images = torch.from_numpy(np.concatenate([batch.frames, batch.tiles]))
    tokens = student.encoder.tokens(images.contiguous(memory_format=torch.channels_last))
    offsets, same = torch.from_numpy(batch.offsets), torch.from_numpy(batch.same)

    turn = torch.from_numpy(batch.turn_deg) + recipe.turn_noise_deg * torch.randn(count)
    scale = torch.from_numpy(batch.scale) * torch.exp(recipe.scale_noise * torch.randn(count))
    frames = turn_and_scale(grids(tokens[:count]), turn, scale)
    logits = student.volumes(frames.contiguous(), grids(tokens[count:]).contiguous())
    targets = losses.shift_targets(offsets, same, student.encoder.config.grid, REACH)
    return {
        "position": losses.position_loss(logits, targets),
        "nowhere": 0.3 * losses.nowhere_loss(logits, same),
    }


def learning_rate(step: int, recipe: StudentRecipe) -> float:
    return warm_cosine(step, recipe.steps, recipe.warmup, recipe.learning_rate)


def averaged(student: Student, average: Student, share: float) -> None:
    """Move the running average of the weights: steadier than the last step's."""
    for kept, new in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - share)
        else:
            kept.copy_(new)


def save(path: Path, state: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def groups_of(data: Path, landscapes: int) -> tuple[list[list[places.Place]], list[float]]:
    """Return the places of the train split in groups, and each group's share of the pairs."""
    cities = ("long_beach", "palm_springs", "eureka", "bishop")
    groups = [
        [place for city in cities for place in places.naip(data / "naip" / city)],
        places.orthomosaic(data / "drone_ortho/seneca/map.tif"),
        places.photos(data / "texture/ochota"),
    ]
    shares = [0.75, 0.03, 0.08]
    if landscapes:
        groups.append(places.procedural(range(1000, 1000 + landscapes)))
        shares.append(0.14)
    return groups, shares


def main(data: Path, out: Path, recipe: StudentRecipe, begin_with: Path | None) -> None:
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    groups, shares = groups_of(data, recipe.landscapes)
    validation = Validation(data / "naip" / "claremont")

    student, average = Student(EncoderConfig()), Student(EncoderConfig())
    if begin_with is not None:
        student.load_state_dict(load_student(begin_with).state_dict())
    student.to(memory_format=torch.channels_last)
    decayed = [p for p in student.parameters() if p.ndim > 1]
    plain = [p for p in student.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": recipe.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
    )
    average.load_state_dict(student.state_dict())
    start = 0
    if (out / "student.pt").exists():
        state = torch.load(out / "student.pt", weights_only=True)
        student.load_state_dict(state["student"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]

    def pairs(step: int) -> Batch:
        rng = np.random.default_rng((recipe.seed, abs(step), step < 0))
        return draw(groups, shares, recipe.pairs, Views(), rng)

    some_tiles = torch.from_numpy(np.concatenate([pairs(-1 - n).tiles for n in range(20)]))
    ahead = ThreadPoolExecutor(1)
    upcoming = ahead.submit(pairs, start)
    sums: dict[str, float] = {}
    began = time.monotonic()
    for step in range(start, recipe.steps):
        batch = upcoming.result()
        upcoming = ahead.submit(pairs, step + 1)  # drawn while the networks are at work
        parts = step_loss(student, batch, recipe)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, recipe)
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 2.0)
        optimiser.step()
        averaged(student, average, min(recipe.ema, (step + 1) / (step + 10)))
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item() / recipe.report_every
        done = step + 1
        if done % recipe.report_every and done != recipe.steps:
            continue
        line: dict[str, float] = {
            "step": done,
            **sums,
            "s_per_step": (time.monotonic() - began) / (done - start),
        }
        sums = {}
        if done % recipe.validate_every == 0 or done == recipe.steps:
            fit_whitening(average.eval().encoder, some_tiles)
            line |= validation.measure(average)
        if done % (2 * recipe.report_every) == 0 or done == recipe.steps:
            state = {
                "student": student.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": done,
                "recipe": asdict(recipe),
            }
            save(out / "student.pt", state)
        text = json.dumps({key: round(value, 4) for key, value in line.items()})
        print(text, flush=True)
        with (out / "metrics.jsonl").open("a") as log:
            log.write(text + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", type=Path)
    parser.add_argument("--begin-with", type=Path, help="student.pt or .safetensors to start from")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--landscapes", type=int)
    arguments = parser.parse_args()
    chosen = load_recipe(
        StudentRecipe, arguments.recipe, steps=arguments.steps, landscapes=arguments.landscapes
    )
    main(arguments.data, arguments.out, chosen, arguments.begin_with)
