"""Tables of rankers that differ in one thing, taught on one file of lists and judged on others.

    python -m training.compare_rankers labels RUNS --train TRAIN --judge claremont=VAL
    python -m training.compare_rankers rankers RUNS --train TRAIN --judge claremont=VAL ...
    python -m training.compare_rankers teacher RUNS --train TRAIN --judge claremont=VAL \\
        --teacher OUT/best

labels    hard and soft labels, by their relevance alone: the losses of offset and "nowhere" are off
rankers   the relation, plain cross-attention, the correlation with nothing learned, what ships
teacher   the relation with a teacher's scores and without, and the teacher itself
shipped   what ships, taught on: is it better for it?
scales    what ships, asked about every scale instead of the likeliest, as it is and taught on; and
          what ships taught on with that as its teacher, and without

Reads   files of training.mine_candidates; the encoder of edgegeo/model, frozen
Writes  RUNS/NAME-*.safetensors       what a ranker sees of the lists, and teachers' scores, once
        RUNS/TABLE-VARIANT-SEED.safetensors   taught rankers; one that is there is not taught again
        training/results/TABLE-NAME.jsonl     a line a run, see edgegeo/learn/comparison_table.py
Prints  a Markdown table for each file judged on

Rankers begin fresh, but for the last two tables, and are taken after their last epoch: none is
chosen on lists it is judged on.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgegeo import durable
from edgegeo.errors import EdgegeoError
from edgegeo.export.checkpoint import load_student
from edgegeo.learn.comparing import Variant, result, result_of_scores, taught
from edgegeo.learn.comparison_table import table
from edgegeo.learn.distil_recipe import DistilRecipe
from edgegeo.learn.distil_validation import score
from edgegeo.learn.encoded_pairs import SeenPairs
from edgegeo.learn.pair_scales import pair_scales
from edgegeo.learn.pair_tokens import pair_tokens
from edgegeo.learn.pair_volumes import pair_volumes
from edgegeo.learn.soft_labels import SOURCES
from edgegeo.learn.teacher_scores import teacher_scores
from edgegeo.models.student import EveryScale, Relation
from edgegeo.provenance import commit

RESULTS = Path(__file__).parent / "results"
# epochs, and lists a step; the attention costs twenty times the relation to teach
SCHEDULES = {
    "labels": (10, 32),
    "rankers": (4, 16),
    "teacher": (10, 32),
    "shipped": (10, 32),
    "scales": (10, 32),
}
CORRELATION, SHIPPED = "correlation, nothing learned", "the shipped relation"
EVERY_SCALE, TAUGHT_ON = "it, at every scale", "it, taught on"
WIDER, BY_WIDER = f"{EVERY_SCALE}, taught on", f"{TAUGHT_ON} by that"
WITHOUT, TAUGHT = "without the teacher", "with the teacher"
BESIDE = {
    "labels": ["hard"],
    "rankers": [CORRELATION],
    "teacher": [WITHOUT],
    "shipped": [SHIPPED],
    "scales": [SHIPPED, TAUGHT_ON],
}


class Lists:
    """A file of candidates, and what each kind of ranker sees of it, when it is asked for."""

    def __init__(self, name: str, candidates: Path, runs: Path, shipped: Relation) -> None:
        self.name, self.candidates, self.runs, self.shipped = name, candidates, runs, shipped
        self._seen: dict[str, SeenPairs] = {}

    def seen_by(self, kind: str) -> SeenPairs:
        if kind not in self._seen:
            out = self.runs / f"{self.name}-{kind}.safetensors"
            model = Path(DistilRecipe.model)
            if kind == "cross-attention":
                self._seen[kind] = pair_tokens(self.candidates, model, out)
            else:
                see = {"relation": pair_volumes, "scales": pair_scales}[kind]
                self._seen[kind] = see(self.candidates, model, self.shipped, out)
        return self._seen[kind]

    def scored_by(self, teacher: Path) -> NDArray[np.float32]:
        out = self.runs / f"{self.name}-teacher.safetensors"
        return teacher_scores(teacher, self.candidates, out, DistilRecipe.teacher_px)


def variants_of(name: str, train: Path) -> list[Variant]:
    epochs, batch = SCHEDULES[name]
    base = DistilRecipe(
        train=str(train), val="", begin="fresh", heed="always", epochs=epochs, batch=batch
    )
    if name == "labels":
        bare = replace(base, offset=0.0, nowhere=0.0)
        return [Variant(name=s, recipe=replace(bare, labels=s)) for s in ("hard", *SOURCES[:-1])]
    if name == "rankers":
        slower = replace(base, learning_rate=1e-3)
        return [
            Variant(name="relation", recipe=base),
            Variant(name="cross-attention", recipe=slower, kind="cross-attention"),
        ]
    on = replace(base, begin="student")
    if name == "shipped":
        return [Variant(name=TAUGHT_ON, recipe=on)]
    if name == "scales":
        pupils = [Variant(name=TAUGHT_ON, recipe=on), Variant(name=BY_WIDER, recipe=on)]
        return [Variant(name=WIDER, recipe=on, kind="scales"), *pupils]
    return [Variant(name=WITHOUT, recipe=base), Variant(name=TAUGHT, recipe=base)]


def untaught(name: str, lists: Lists, teacher: Path | None) -> Iterator[tuple[str, Any]]:
    """Give the results of a table that need no teaching, each with its name."""
    pairs = lists.seen_by("relation")
    as_they_are = np.zeros(pairs.candidates.rows.shape)  # ties keep the retriever's order
    yield "retrieval", result_of_scores(as_they_are, None, pairs)
    yield CORRELATION, result(Relation(), pairs)
    yield SHIPPED, result(lists.shipped, pairs)
    if name == "scales":
        asked = EveryScale()
        asked.load_state_dict(lists.shipped.state_dict())
        yield EVERY_SCALE, result(asked, lists.seen_by("scales"))
    if teacher is not None:
        yield "the teacher", result_of_scores(lists.scored_by(teacher), None, pairs)


def compare(
    name: str, variants: list[Variant], train: Lists, judged: list[Lists], seeds: int,
    teacher: Path | None,
) -> None:  # fmt: skip
    """Teach, judge, write and print: all variants of a seed before the next."""
    torch.set_num_threads(1)  # layers are small: threads that wait cost more than they give
    made = {"epochs": SCHEDULES[name][0], "commit": commit()}
    results: dict[str, list[dict[str, Any]]] = {}
    for lists in judged:
        results[lists.name] = [
            {"variant": variant, "seed": None, "lists": lists.name, **made, **found}
            for variant, found in untaught(name, lists, teacher)
        ]
        write(RESULTS / f"{name}-{lists.name}.jsonl", results[lists.name])
    for seed in range(seeds):
        wider: NDArray[np.float32] | None = None  # what that variant of this seed says
        for variant in variants:
            heeded = wider if variant.name == BY_WIDER else None
            if teacher and variant.name == TAUGHT:
                heeded = train.scored_by(teacher)
            kept = train.runs / f"{name}-{variant.name}-{seed}.safetensors".replace(" ", "-")
            ranker = taught(variant, seed, train.seen_by(variant.kind), heeded, train.shipped, kept)
            if variant.name == WIDER:
                wider = score(ranker, train.seen_by("scales"))[0].astype(np.float32)
            run = {"variant": variant.name, "seed": seed}
            for lists in judged:
                found = result(ranker, lists.seen_by(variant.kind))
                results[lists.name].append({**run, "lists": lists.name, **made, **found})
                write(RESULTS / f"{name}-{lists.name}.jsonl", results[lists.name])
            print(f"{variant.name}, seed {seed}: done", file=sys.stderr)
    against = ["retrieval", *BESIDE[name]] if seeds else ["retrieval"]
    for lists in judged:
        print(table(results[lists.name], lists.name, *against))


def write(path: Path, results: Sequence[Mapping[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    durable.write_file(path, "".join(json.dumps(one) + "\n" for one in results).encode())


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m training.compare_rankers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("table", choices=tuple(SCHEDULES))
    p.add_argument("runs", type=Path, metavar="RUNS")
    p.add_argument("--train", type=Path, required=True, metavar="FILE")
    p.add_argument("--judge", nargs="+", required=True, metavar="NAME=FILE")
    p.add_argument("--teacher", type=Path, metavar="DIR", help="OUT/best of training.train_ranker")
    p.add_argument("--seeds", type=int, default=3, help="0: only what needs no teaching")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if (args.table == "teacher") != (args.teacher is not None):
        print("compare_rankers: error: --teacher goes with the table teacher", file=sys.stderr)
        return 2
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # else four lines for every GeoTIFF
    try:
        args.runs.mkdir(parents=True, exist_ok=True)
        shipped = load_student(Path(DistilRecipe.student)).relation
        named = [
            one.partition("=")[::2] for one in (f"{args.train.stem}={args.train}", *args.judge)
        ]
        train, *judged = [Lists(name, Path(file), args.runs, shipped) for name, file in named]
        variants = variants_of(args.table, args.train)
        compare(args.table, variants, train, judged, args.seeds, args.teacher)
    except (EdgegeoError, OSError) as error:
        print(f"compare_rankers: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
