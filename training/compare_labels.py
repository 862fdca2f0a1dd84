"""Which labels teach the relation best: hard or soft, same lists, same budget, several seeds.

    python -m training.compare_labels TRAIN VAL OUT [--seeds 3] [--epochs 30]

Reads   candidates TRAIN and VAL of training.mine_candidates
Writes  OUT/volumes-*.safetensors  what the relation sees, computed once
        OUT/runs.jsonl             a line a run; a run that has one is not run again
Prints  a Markdown table, mean and spread (standard deviation) over the seeds, beside retrieval, the
        correlation with no training, and the shipped relation

Every relation begins fresh, on the frozen encoder of edgegeo/model. Chosen epochs are the best on
VAL, for all alike; choose on a validation city, never on test.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgegeo.export.checkpoint import load_student
from edgegeo.learn.curve import read_curve
from edgegeo.learn.distil_recipe import DistilRecipe
from edgegeo.learn.distil_validation import judge
from edgegeo.learn.distilling import distil, lists_of
from edgegeo.learn.pair_volumes import PairVolumes, pair_volumes
from edgegeo.learn.soft_labels import SOURCES
from edgegeo.models.student import Relation


def one_run(train: PairVolumes, val: PairVolumes, recipe: DistilRecipe) -> dict[str, Any]:
    torch.manual_seed(recipe.seed)
    lists = lists_of(train, recipe, None)
    best = distil(Relation(), lists, lambda r: judge(r, val), recipe, lambda _: None)
    return {"labels": recipe.labels, "seed": recipe.seed, "epochs": recipe.epochs, **best._asdict()}


def table(runs: list[dict[str, Any]], fixed: dict[str, tuple[float, float | None]]) -> str:
    lines = ["| taught by | seeds | Recall@1 | median m |", "|---|---|---|---|"]
    for name, (recall, metres) in fixed.items():
        said = "-" if metres is None else f"{metres:.2f}"
        lines.append(f"| {name} | - | {recall:.3f} | {said} |")
    for labels in dict.fromkeys(run["labels"] for run in runs):
        of = [run for run in runs if run["labels"] == labels]
        recall = np.array([run["recall_at_1"] for run in of])
        metres_of = np.array([run["median_m"] for run in of], np.float64)
        lines.append(
            f"| {labels} | {len(of)} | {recall.mean():.3f} +- {recall.std():.3f} "
            f"| {metres_of.mean():.2f} +- {metres_of.std():.2f} |"
        )
    return "\n".join(lines)


def main(train: Path, val: Path, out: Path, seeds: int, epochs: int) -> str:
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # volumes are small: threads that wait cost more than they give
    base = DistilRecipe(train=str(train), val=str(val))
    shipped = load_student(Path(base.student)).relation
    volumes = [
        pair_volumes(path, Path(base.model), shipped, out / f"volumes-{name}.safetensors")
        for name, path in (("train", train), ("val", val))
    ]
    runs = read_curve(out / "runs.jsonl")
    for seed in range(seeds):
        for labels in SOURCES:
            recipe = DistilRecipe(
                train=base.train,
                val=base.val,
                labels=labels,
                seed=seed,
                epochs=epochs,
                begin="fresh",
            )
            done = {(run["labels"], run["seed"], run["epochs"]) for run in runs}
            if (labels, seed, epochs) in done:
                continue
            runs.append(one_run(volumes[0], volumes[1], recipe))
            with (out / "runs.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(runs[-1]) + "\n")
    plain, learned = judge(Relation(), volumes[1]), judge(shipped, volumes[1])
    return table(
        runs,
        {
            "nothing: retrieval": (plain.recall_at_1_retrieval, None),
            "nothing: the correlation": (plain.recall_at_1, plain.median_m),
            "shipped relation": (learned.recall_at_1, learned.median_m),
        },
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("train", type=Path)
    parser.add_argument("val", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args()
    print(main(given.train, given.val, given.out, given.seeds, given.epochs))
