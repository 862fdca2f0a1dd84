"""What a training run needs to go on, and what a finished ranker is: safetensors, no pickle.

    OUT/checkpoint.safetensors   what learns, the optimiser's two moments, and as JSON in the
                                 header the step, the recipe and the best recall so far
    OUT/best/ranker.safetensors  what learned, at the best validation
    OUT/best/ranker.json         the model it belongs on, recipe, recall, commit, versions

Each is written whole or not at all. There is no scheduler and no random state to keep: the rate
and every draw are functions of the recipe and the step.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from edgegeo import durable
from edgegeo.errors import DataError
from edgegeo.models.lvlm import LvlmRanker, LvlmSpec, open_lvlm

CHECKPOINT = "checkpoint.safetensors"
BEST = "best"
MOMENTS = ("exp_avg", "exp_avg_sq")


def save_checkpoint(
    out: Path, ranker: LvlmRanker, optimiser: torch.optim.Optimizer, state: Mapping[str, Any]
) -> None:
    """Write the checkpoint; on a full disk the one before stays and an error says so."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in ranker.learned():
        tensors[f"weight.{name}"] = parameter.detach().cpu().contiguous()
        for moment in MOMENTS:
            if moment in optimiser.state.get(parameter, {}):
                value = optimiser.state[parameter][moment]
                tensors[f"{moment}.{name}"] = value.cpu().contiguous()
    _write(out / CHECKPOINT, save(tensors, {"edgegeo": json.dumps(state)}))


def load_checkpoint(
    out: Path, ranker: LvlmRanker, optimiser: torch.optim.Optimizer, recipe: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Put a checkpoint back and return its state, None where there is none.

    Raises DataError for one of another recipe, naming what differs.
    """
    path = out / CHECKPOINT
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            state: dict[str, Any] = json.loads((file.metadata() or {})["edgegeo"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        theirs = state["recipe"]
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no checkpoint of training.train_ranker: {error}") from error
    ours = json.loads(json.dumps(recipe))
    if different := sorted(k for k in {*ours, *theirs} if ours.get(k) != theirs.get(k)):
        key = different[0]
        raise DataError(
            f"{path} is of another recipe: {', '.join(different)} differ ({key} was "
            f"{theirs.get(key)!r}, now {ours.get(key)!r}); take another folder, or delete it"
        )
    _put_weights(path, ranker, tensors)
    for name, parameter in ranker.learned():
        if f"{MOMENTS[0]}.{name}" not in tensors:
            continue
        moments = {m: tensors[f"{m}.{name}"].to(parameter.device) for m in MOMENTS}
        optimiser.state[parameter] = {"step": torch.tensor(float(state["updates"])), **moments}
    return state


def save_best(out: Path, ranker: LvlmRanker, card: Mapping[str, Any]) -> None:
    """Keep what learned as the best so far, and beside it all that says what it is."""
    (out / BEST).mkdir(exist_ok=True)
    tensors = {name: p.detach().cpu().contiguous() for name, p in ranker.learned()}
    whole = {"spec": dataclasses.asdict(ranker.spec), **card}
    _write(out / BEST / "ranker.safetensors", save(tensors, {"edgegeo": json.dumps(whole)}))
    text = json.dumps(whole, indent=1, allow_nan=False) + "\n"
    _write(out / BEST / "ranker.json", text.encode())


def open_ranker(folder: Path) -> LvlmRanker:
    """Open what `save_best` wrote, in eval mode; the model itself comes from where it did."""
    path = folder / "ranker.safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads((file.metadata() or {})["edgegeo"])["spec"]
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        spec = LvlmSpec(**values | {"lora_targets": tuple(values["lora_targets"])})
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder} holds no ranker of training.train_ranker: {error}") from error
    ranker = open_lvlm(spec)
    _put_weights(path, ranker, {f"weight.{name}": value for name, value in tensors.items()})
    return ranker.eval()


def _put_weights(path: Path, ranker: LvlmRanker, tensors: Mapping[str, Tensor]) -> None:
    learned = dict(ranker.learned())
    there = {name.removeprefix("weight.") for name in tensors if name.startswith("weight.")}
    if there != set(learned):
        odd = sorted(there ^ set(learned))
        raise DataError(f"{path} does not fit the model: {odd[0]} and {len(odd) - 1} others")
    with torch.no_grad():
        for name, parameter in learned.items():
            parameter.copy_(tensors[f"weight.{name}"])


def _write(path: Path, data: bytes) -> None:
    try:
        durable.write_file(path, data)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}; what was there before is "
            "untouched, and the same command goes on from it"
        ) from error
