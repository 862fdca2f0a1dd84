"""Distillation from nothing to an engine that locates: the quick default recipe."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

for package in ("torch", "transformers", "accelerate", "onnxscript", "rasterio"):
    pytest.importorskip(package)

from edgegeo import Localizer, geodesy  # noqa: E402
from edgegeo.learn.teacher_scores import teacher_scores  # noqa: E402
from edgegeo.model_folder import SHIPPED  # noqa: E402
from training import distill  # noqa: E402

# the second: the exporter's own deprecations
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distill")
    assert distill.run(["--quick", "--out", str(folder)]) == 0
    return folder


def test_the_engine_opens_and_locates(out):
    localizer = Localizer(out / "engine", threads=1)
    frames = out / "lessons/val/queries/frames"
    errors = []
    with (frames / "truth.csv").open(newline="") as stream:
        for row in list(csv.DictReader(stream))[:12]:
            fix = localizer.locate(
                cv2.imread(str(frames / row["file"])),
                heading_deg=float(row["heading_deg"]),
                gsd_m=float(row["gsd_m_per_px"]),
            )
            truth = float(row["lat_deg"]), float(row["lon_deg"])
            errors.append(geodesy.distance_m(fix.lat_deg, fix.lon_deg, *truth))
    assert np.mean(np.array(errors) < 20) > 0.6


def test_retrieval_is_not_touched_and_the_shipped_model_is_left_alone(out):
    assert (out / "model/encoder.onnx").read_bytes() == (SHIPPED / "encoder.onnx").read_bytes()
    assert json.loads((SHIPPED / "model.json").read_text())["model_id"].find("distilled") < 0


def test_the_report_says_what_the_teacher_was_worth_and_re_ranking_does_not_lose(out):
    report = json.loads((out / "report.json").read_text())
    assert set(report["teacher"]) == {"recall_at_1", "retrieval", "beats_retrieval"}
    fused = report["fusion_of_lists"]
    assert fused["recall_fused"] >= fused["recall_retrieval"]
    flow = report["on_frames_of_val"]  # the whole of `locate`, with its own calibration
    assert flow["recall_at_1_reranked"] >= flow["recall_at_1_retrieval"] > 0.5
    assert report["after"]["recall_at_1"] >= report["before"]["recall_at_1"]


def test_the_teachers_scores_are_computed_once_and_again_for_another_teacher(out, monkeypatch):
    best, file = out / "teacher/best", out / "lessons/val.safetensors"
    kept = out / "teacher-val.safetensors"
    made: list[Path] = []
    monkeypatch.setattr(
        "edgegeo.learn.teacher_scores.open_ranker", lambda folder: made.append(folder)
    )
    first = teacher_scores(best, file, kept, 64, progress=False)
    assert np.isfinite(first).all()
    assert not made
    weights = best / "ranker.safetensors"
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(AttributeError):  # the stand-in is no ranker: it was asked for one
        teacher_scores(best, file, kept, 64, progress=False)
    assert made
