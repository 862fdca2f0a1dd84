"""The teacher's scores of mined candidates, computed once: one safetensors file.

    scores  (q, n) float32  the teacher's, in its own unit; nan pads a query with fewer candidates

The file's header holds, as JSON under "edgegeo", the sha256 of the teacher's weights and of the
file of candidates: where either changes, the scores are computed again.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from edgegeo import durable
from edgegeo.building.progress import Progress
from edgegeo.errors import DataError
from edgegeo.learn.candidate_pairs import CandidatePairs, LabelSource
from edgegeo.learn.ranker_checkpoint import open_ranker


def teacher_scores(
    teacher: Path, candidates: Path, out: Path, px: int, progress: bool = True
) -> NDArray[np.float32]:
    """Return (q, n) scores of the ranker in the folder `teacher`, from `out` where they are there.

    `px` is the side frames and tiles are brought to, as in the teacher's recipe.
    """
    made_of = {
        "teacher": _sha256(teacher / "ranker.safetensors"),
        "candidates": _sha256(candidates),
    }
    if (known := _read(out, made_of)) is not None:
        return known
    ranker = open_ranker(teacher)
    if torch.cuda.is_available():
        ranker = ranker.to("cuda")
    pairs = CandidatePairs(candidates, px, "stretch", _width(candidates), skip_bad=False)
    scores = np.full(pairs.candidates.rows.shape, np.nan, np.float32)
    counter = Progress("teacher", len(scores), progress)
    with torch.no_grad():
        for number, row in enumerate(scores):
            lesson = pairs.lesson(number, LabelSource(name="hard"))
            if lesson is not None:
                row[pairs.candidates.rows[number] >= 0] = (
                    ranker.score(lesson.frame, lesson.tiles).float().cpu().numpy()
                )
            counter.update(number + 1)
    durable.write_file(out, save({"scores": scores}, {"edgegeo": json.dumps(made_of)}))
    return scores


def _read(path: Path, made_of: dict[str, str]) -> NDArray[np.float32] | None:
    """Return the scores of exactly that teacher on exactly those candidates, else None."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            if json.loads((file.metadata() or {})["edgegeo"]) != made_of:
                return None
            return np.asarray(file.get_tensor("scores"), np.float32)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no file of teacher scores, delete it: {error}") from error


def _width(candidates: Path) -> int:
    with safe_open(candidates, framework="numpy") as file:
        return int(file.get_slice("rows").get_shape()[1])


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}") from error
