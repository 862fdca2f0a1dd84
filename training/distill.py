"""Teach the student's ranker by an LVLM teacher and the truth, and build an engine with it.

    python training/distill.py                                 # default recipe, made landscapes
    python training/distill.py --quick                         # the same with less of everything
    python -m training.distill --out runs/distill --recipe training/recipes/distill.toml

Without a recipe it makes landscapes and frames, mines candidates with the shipped encoder, trains a
small LVLM teacher, and distils from it. With one, candidates (training.mine_candidates) and teacher
(training.train_ranker) are the recipe's. Each step writes a file and is skipped where it is done:

    lessons/                 maps and frames, and candidates: train.safetensors, val.safetensors
    teacher/                 as training.train_ranker writes it
    teacher-*.safetensors    the teacher's scores, edgegeo/learn/teacher_scores.py
    volumes-*.safetensors    what the relation sees, edgegeo/learn/pair_volumes.py
    distil.jsonl             a line an epoch
    student.safetensors      the student's weights with the new relation
    model/                   model folder: the encoder unchanged, the new ranker, calibrated on val
    report.json              recipe, recall before and after, fusion, commit, versions
    engine/                  of the maps of val, where the set has maps; for `edgegeo.Localizer`

The shipped model is left alone. The encoder, and with it retrieval, stays as it is.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

if __name__ == "__main__" and not __package__:  # run as a file: the checkout is its package
    sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch

from edgegeo import durable
from edgegeo.building.build import build
from edgegeo.calibration import Calibration
from edgegeo.errors import EdgegeoError
from edgegeo.export.checkpoint import load_student, save_student
from edgegeo.export.onnx import export_ranker, export_relation, write_json
from edgegeo.learn import distil_validation, fusion, gating
from edgegeo.learn.distil_recipe import DistilRecipe
from edgegeo.learn.distilling import distil, lists_of
from edgegeo.learn.encoded_pairs import SeenPairs
from edgegeo.learn.pair_volumes import pair_volumes
from edgegeo.learn.ranker_recipe import RankerRecipe
from edgegeo.learn.ranker_training import RankerTraining
from edgegeo.learn.recipe import load_recipe
from edgegeo.learn.teacher_scores import teacher_scores
from edgegeo.localizer import Localizer
from edgegeo.model_folder import ENCODER, RANKER, RELATION, open_model
from edgegeo.models.student import Relation, Student
from edgegeo.provenance import commit, versions
from training import mine_candidates
from training.calibrate import fit, samples, summary
from training.landscapes import landscape_queries

CANDIDATES = 8
TEACHER_PX = 64
FOOTPRINT_TILES = 1 / 0.8  # short side of a frame's footprint, as `build` cuts tiles


def default_recipe(out: Path, quick: bool) -> DistilRecipe:
    """Make the lessons and train the teacher of the default recipe."""
    # The small teacher's layers are too small to share: on a busy machine threads wait for minutes.
    torch.set_num_threads(1)
    lessons = out / "lessons"
    lessons.mkdir(parents=True, exist_ok=True)
    of = {"train": (2000, 2 if quick else 12, 20), "val": (3000, 2 if quick else 6, 16)}
    for split, (seed, count, frames) in of.items():
        file = lessons / f"{split}.safetensors"
        folder = landscape_queries(lessons / split, seed, count, frames)
        if not file.exists():
            words = [
                "truth",
                folder,
                "--model",
                "edgegeo/model",
                "--top",
                CANDIDATES,
                "--out",
                file,
            ]
            mine_candidates.run(mine_candidates.parser().parse_args([*map(str, words)]))
    train, val = (str(lessons / f"{split}.safetensors") for split in of)
    teaching = RankerRecipe(
        train=train,
        val=val,
        model="small/qwen3_vl",
        px=TEACHER_PX,
        dtype="float32",
        lora_rank=0,
        candidates=4,
        epochs=1 if quick else 6,
        batch=8,
        learning_rate=1e-3,
        warmup=5,
        val_queries=16 if quick else 120,
        validate_every=1000,
        labels="overlap",
    )
    RankerTraining(teaching, out / "teacher").run()
    return DistilRecipe(
        train=train,
        val=val,
        teacher=str(out / "teacher" / "best"),
        teacher_px=TEACHER_PX,
        heed="always",  # so that every step is seen at work
        epochs=10 if quick else 30,
        batch=16,
    )


def main(out: Path, recipe: DistilRecipe) -> dict[str, Any]:
    """Distil, export, calibrate and build; return what report.json holds."""
    out.mkdir(parents=True, exist_ok=True)
    student = load_student(Path(recipe.student))
    relation = student.relation if recipe.begin == "student" else Relation()
    volumes, scores = {}, {}
    for split in ("train", "val"):
        file = Path(getattr(recipe, split))
        made = out / f"volumes-{split}.safetensors"
        volumes[split] = pair_volumes(file, Path(recipe.model), student.relation, made)
        if recipe.teacher:
            kept = out / f"teacher-{split}.safetensors"
            scores[split] = teacher_scores(Path(recipe.teacher), file, kept, recipe.teacher_px)
    report: dict[str, Any] = {"recipe": asdict(recipe)}
    heeded = False
    if recipe.teacher:
        report["teacher"] = judged = teacher_verdict(scores["val"], volumes["val"])
        heeded = recipe.heed == "always" or judged["beats_retrieval"]
    lines: list[str] = []
    lists = lists_of(volumes["train"], recipe, scores["train"] if heeded else None)
    report["teacher_heeded"] = heeded
    report["before"] = distil_validation.judge(relation, volumes["val"])._asdict()
    best = distil(
        relation,
        lists,
        lambda taught: distil_validation.judge(taught, volumes["val"]),
        recipe,
        lambda line: lines.append(json.dumps(line)),
    )
    durable.write_file(out / "distil.jsonl", "".join(f"{line}\n" for line in lines).encode())
    report["after"] = best._asdict()
    relevance, _ = distil_validation.score(relation, volumes["val"])
    fused = fusion.fit_fusion(distil_validation.frame_scores(relevance, volumes["val"]))
    report["fusion_of_lists"] = {**fused._asdict(), "verdict": fused.verdict}
    student.relation = relation
    save_student(student, out / "student.safetensors")
    export(student, recipe, fused, out / "model")
    report |= {"commit": commit(), "versions": versions("torch", "transformers")}
    if (built := engine_of(volumes, recipe, out)) is not None:
        report |= built
    write_json(out / "report.json", report)
    return report


def teacher_verdict(scores: np.ndarray, volumes: SeenPairs) -> dict[str, Any]:
    """Recall@1 of the teacher's own order on validation, beside the retriever's."""
    judged = distil_validation.judge_scores(scores, None, volumes)
    recall, before = judged.recall_at_1, judged.recall_at_1_retrieval
    return {"recall_at_1": recall, "retrieval": before, "beats_retrieval": recall > before}


def export(student: Student, recipe: DistilRecipe, fused: fusion.Fusion, model: Path) -> None:
    """Write the model folder: the encoder's file as it was, the ranker anew."""
    base = open_model(recipe.model)
    model.mkdir(exist_ok=True)
    shutil.copyfile(base.path / ENCODER, model / ENCODER)
    export_ranker(student, model / RANKER)
    export_relation(student, model / RELATION)
    weights = Calibration(
        relevance_weight=fused.relevance_weight, retrieval_weight=fused.retrieval_weight
    )
    card = {
        "model_id": f"{base.model_id}-distilled",
        "px": base.px,
        "grid": base.grid,
        "calibration": weights.to_json(),
        "recipe": asdict(recipe),
    }
    write_json(model / "model.json", card)


def engine_of(
    volumes: dict[str, SeenPairs], recipe: DistilRecipe, out: Path
) -> dict[str, Any] | None:
    """Calibrate the model on the frames of val and build the engine of its maps.

    Frames are from off the map where the engine is of the maps of train. None, and a note, for a
    set that is not of frames over maps.
    """
    made = {split: volumes[split].candidates.provenance for split in volumes}
    tile_m = volumes["val"].tile_m
    if any(m["set"] != "truth" for m in made.values()) or tile_m is None:
        print(
            f"note: {made['val']['set']} has no maps: {out / 'model'} is not calibrated, no engine"
        )
        return None
    model, found = out / "model", []
    frames = Path(made["val"]["folder"]) / "frames"
    truth = frames / "truth.csv"  # of training.make_queries: without the errors of what is told
    truth = truth if truth.exists() else frames.parent / "truth.csv"
    for split, on_map in (("val", True), ("train", False)):
        where = out / f"calibrating-{split}"
        built(Path(made[split]["folder"]), where, tile_m, model)
        found += samples(Localizer(where), frames, truth, on_map, 1, recipe.seed)
        shutil.rmtree(where)
    fitted = fit(found)
    card = json.loads((model / "model.json").read_text())
    card["calibration"] = fitted.to_json()
    write_json(model / "model.json", card)
    built(Path(made["val"]["folder"]), out / "engine", tile_m, model)
    judged = summary(found, [gating.judge(s, fitted) for s in found])
    return {"calibration": fitted.to_json(), "on_frames_of_val": judged}


def built(folder: Path, engine: Path, tile_m: float, model: Path) -> None:
    maps = folder / "map" if (folder / "map").is_dir() else folder / "map.tif"
    build([maps], engine, footprint_m=tile_m * FOOTPRINT_TILES, model=model, progress=False)


def told(report: dict[str, Any], out: Path) -> str:
    """Return what a person wants to know of a report."""
    before, after, fused = report["before"], report["after"], report["fusion_of_lists"]
    lines = []
    if teacher := report.get("teacher"):
        lines.append(
            f"teacher  Recall@1 {teacher['recall_at_1']:.3f}, retrieval {teacher['retrieval']:.3f}"
        )
        if not teacher["beats_retrieval"]:
            lines.append(
                "note: a teacher that does not beat retrieval on val is no teacher. Pretrained "
                "weights, larger pictures and more pairs would change that"
            )
        if not report["teacher_heeded"]:
            lines.append("note: it was left out; the truth alone taught")
    for name, judged in (("before", before), ("after", after)):
        off = "" if judged["median_m"] is None else f", median {judged['median_m']:.2f} m"
        lines.append(f"{name:<8} Recall@1 {judged['recall_at_1']:.3f}{off}")
    lines.append(
        f"fused    Recall@1 {fused['recall_fused']:.3f}, retrieval "
        f"{fused['recall_retrieval']:.3f}: {fused['verdict']}, weight {fused['relevance_weight']:g}"
    )
    return "\n".join([*lines, f"wrote    {out}"])


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--out", type=Path, default=Path("runs/distill"))
    p.add_argument("--recipe", type=Path, help="TOML, edgegeo/learn/distil_recipe.py")
    p.add_argument("--quick", action="store_true", help="less of everything; not with a recipe")
    return p


def run(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # else four lines for every GeoTIFF
    began = time.monotonic()
    try:
        if args.recipe is not None:
            recipe = load_recipe(DistilRecipe, args.recipe)
        else:
            recipe = default_recipe(args.out, args.quick)
        report = main(args.out, recipe)
    except (EdgegeoError, OSError) as error:
        print(f"distill: error: {error}", file=sys.stderr)
        return 2
    print(told(report, args.out))
    print(f"took     {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(run())
