"""Whatever the ranker, re-ranking loses nothing: fit fusion and gate for good and bad ones on val.

    python -m training.check_rankers DATA MODEL WORK [RANKER.onnx ...]

Rankers: MODEL's own; the same with its weights replaced by those of no training (the plain
correlation) and by random ones; its answers turned against it, and replaced by noise; and each
RANKER.onnx over MODEL's encoder.

Reads   what training.calibrate reads, and its WORK where MODEL's encoder made it
Writes  WORK/rankers.json, and prints it as a table: Recall@1 of frames on the map, with the gate
        in use, on the very frames it was fitted on, and on those left out (5-fold
        cross-validation over places)
"""

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgegeo import fix
from edgegeo.backends.onnxruntime import Session
from edgegeo.export.onnx import export_ranker, write_json
from edgegeo.learn import gating
from edgegeo.learn.calibrating import Sample
from edgegeo.model_folder import RANKER
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.student import Student
from training.calibrate import collect, fit, report, summary, val_views


def untaught(random: bool) -> Session:
    """Return a ranker whose relation is as before any training, or of random weights."""
    torch.manual_seed(0)
    student = Student(EncoderConfig())
    if random:
        for weight in student.relation.look.parameters():
            torch.nn.init.normal_(weight, std=0.3)
    with tempfile.TemporaryDirectory() as folder:
        export_ranker(student, Path(folder) / RANKER)
        return Session(Path(folder) / RANKER)


def said_again(samples: Iterable[Sample], relevance: Any) -> Iterator[Sample]:
    """Yield the samples as of a ranker that says `relevance(what was said)` instead."""
    for s in samples:
        ranked = replace(s.ranked, relevance=relevance(s.ranked.relevance))
        yield replace(s, ranked=ranked, places=fix.combine(ranked, s.tile_m))


def noise(relevance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.random.default_rng(int(abs(relevance.sum()) * 1e6)).normal(5, 8, len(relevance))


def judged(samples: list[Sample]) -> dict[str, Any]:
    calibration = fit(samples)
    return {
        "relevance_weight": calibration.relevance_weight,
        "gate": calibration.to_json()["gate"],
        "fitted_on": summary(samples, [gating.judge(s, calibration) for s in samples]),
        "left_out": report(samples),
    }


def line(name: str, found: dict[str, Any]) -> str:
    on, out, weight = found["fitted_on"], found["left_out"], found["relevance_weight"]
    gain = out["reranking_gain"]
    return (
        f"| {name} | {weight:g}{'' if weight else ' (ranker unused)'} "
        f"| {on['reranked_share']:.2f}, {on['reranked_off_map']:.2f} "
        f"| {on['recall_at_1_retrieval']:.3f} | {on['recall_at_1_reranked']:.3f} "
        f"| {out['recall_at_1_reranked']:.3f} "
        f"| {gain['mean']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f}) "
        f"| {out['within_20m']:.3f} | {out['misleading']:.3f}, {out['accepted_off_map']:.3f} |"
    )


def main(data: Path, model: Path, work: Path, more: list[Path]) -> None:
    views = val_views(data, model, work, again=False)
    own = collect(views)
    rankers = {
        "the model's own": lambda: own,
        "plain correlation": lambda: collect(views, untaught(random=False)),
        "random weights": lambda: collect(views, untaught(random=True)),
        "its own, against itself": lambda: list(said_again(own, np.negative)),
        "noise": lambda: list(said_again(own, noise)),
    } | {str(path): lambda at=path: collect(views, Session(at)) for path in more}
    print(
        "| ranker | weight | re-ranked on the map, off it | Recall@1 retrieval "
        "| re-ranked, fitted on | left out | gain, left out | within 20 m "
        "| misleading, off the map accepted |\n" + "|---" * 9 + "|"
    )
    found: dict[str, Any] = {}
    for name, of in rankers.items():
        found[name] = judged(of())
        print(line(name, found[name]), flush=True)
        write_json(work / "rankers.json", found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("rankers", type=Path, nargs="*")
    arguments = parser.parse_args()
    main(arguments.data, arguments.model, arguments.work, arguments.rankers)
