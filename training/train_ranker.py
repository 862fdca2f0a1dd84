"""Train the LVLM ranker on mined candidates.

    python -m training.train_ranker OUT --recipe training/recipes/one-gpu.toml
    accelerate launch --num_processes 8 -m training.train_ranker OUT --recipe ...
    torchrun --nproc-per-node 8 -m training.train_ranker OUT --recipe ...

Reads   what training.mine_candidates wrote, as the recipe names it, and the set it was mined in
Writes  OUT/metrics.jsonl            a line a report: loss; at validations Recall@1 of retrieval
                                     and re-ranking, their paired gain and its 95 % interval
        OUT/best/                    what learned, at the best validation, with recipe, commit
                                     and versions; edgegeo.learn.ranker_checkpoint.open_ranker
        OUT/checkpoint.safetensors   a killed run goes on from here, to the same curve
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from edgegeo.errors import EdgegeoError
from edgegeo.learn.ranker_recipe import RankerRecipe
from edgegeo.learn.ranker_training import RankerTraining
from edgegeo.learn.recipe import load_recipe


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m training.train_ranker",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("out", type=Path)
    p.add_argument("--recipe", type=Path, required=True)
    p.add_argument("--seed", type=int, help="instead of the recipe's")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # else four lines for every GeoTIFF
    try:
        recipe = load_recipe(RankerRecipe, args.recipe, seed=args.seed)
        training = RankerTraining(recipe, args.out)
        best = training.run()
    except (EdgegeoError, OSError) as error:
        print(f"train_ranker: error: {error}", file=sys.stderr)
        return 2
    if training.accelerator.is_main_process:
        before, after = best["recall_at_1_retrieval"], best["recall_at_1_reranked"]
        print(
            f"best at step {best['step']}: Recall@1 {before:.4f} retrieved, {after:.4f} re-ranked"
        )
        if best["skipped"]:
            print(f"note: {best['skipped']} pictures could not be read and were skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
