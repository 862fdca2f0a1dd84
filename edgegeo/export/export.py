"""From a checkpoint to a model folder in one precision, judged against its weights."""

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgegeo import durable
from edgegeo.building.plan import DEFAULT_FOOTPRINT_M, TILE_OF_FOOTPRINT
from edgegeo.errors import DataError, EngineError, RangeError
from edgegeo.export.checkpoint import is_whitened, load_student
from edgegeo.export.half import halved
from edgegeo.export.int8 import fit_int8
from edgegeo.export.onnx import export_student, write_json
from edgegeo.export.parity import compare, speed_up
from edgegeo.export.pictures import frame_pictures, tile_pictures
from edgegeo.export.recall import recall_of_both
from edgegeo.model_folder import (
    ENCODER,
    PARITY,
    RANKER,
    RELATION,
    SHIPPED,
    networks_in,
    open_model,
)
from edgegeo.models.student import Student
from edgegeo.reference import Arrays, reference_images, run_reference

PRECISIONS = ("fp32", "fp16", "int8")
TILES, FRAMES = 256, 128  # pictures: int8 is fitted on every second at most
COMPARED = 32  # pictures that both sides encode and rank
MAX_RECALL_LOSS = 0.01
MIN_TIMES_FASTER = 1.05  # less is within what a busy machine shakes

Pictures = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Imagery:
    """A user's own maps and frames. `truth` is the frames' table, as `evaluate` reads it."""

    maps: Sequence[str | Path] = ()
    footprint_m: float = DEFAULT_FOOTPRINT_M
    frames: str | Path | None = None
    truth: str | Path | None = None


def export(
    checkpoint: str | Path,
    out: str | Path,
    *,
    precision: str = "fp32",
    imagery: Imagery | None = None,
    like: str | Path | None = None,
    max_recall_loss: float = MAX_RECALL_LOSS,
    even_if_worse: bool = False,
) -> dict[str, Any]:
    """Write the model folder `out`, for `build --model`, and return what parity.json holds.

    Args:
        checkpoint: student.pt, or a .safetensors of weights with its whitening beside it.
        precision: "fp32"; "fp16": half inside, float32 in and out; "int8": the encoder's
            convolutions, for which `imagery` must hold maps.
        imagery: what int8 is fitted on, and what any precision is judged on. With maps Recall@1
            goes into the report, of the frames with their truth, which int8 is not fitted on, or
            of frames simulated out of the maps; without maps only the outputs on made patterns
            are compared.
        like: a model folder of the same weights, whose id, calibration and card are kept; the
            shipped one by default, if it is of the same weights.
        max_recall_loss: int8 that loses more Recall@1 (after ranking) is refused, and int8 whose
            encoder is not faster here than float32, unless `even_if_worse`.

    Whole or not at all: an older model at `out` stays until the new one takes its place.

    Raises RangeError for a precision that is none, DataError for a checkpoint that is unfit or
    has no whitening and for imagery that is missing, EngineError for int8 that is refused and
    for an `out` that is something else than a model folder.
    """
    if precision not in PRECISIONS:
        raise RangeError.of("precision", f"one of {', '.join(PRECISIONS)}", repr(precision))
    imagery = imagery or Imagery()
    if precision == "int8" and not imagery.maps:
        raise DataError("int8 is fitted on tiles of your own: give at least one map")
    if imagery.truth is not None and imagery.frames is None:
        raise DataError(f"{imagery.truth} is about frames: give those too")
    if imagery.frames is not None and not imagery.maps:
        raise DataError(f"{imagery.frames} can be located on a map only: give at least one")
    out = Path(out)
    _check_replaceable(out)
    student = load_student(Path(checkpoint))
    if not is_whitened(student):
        raise DataError(
            f"{checkpoint} has no whitening of its embeddings: fit it with "
            "python -m training.export_student"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{out.name}.", dir=out.parent) as scratch:
        plain, made = Path(scratch) / "float32", Path(scratch) / "made"
        export_student(student, plain, "", {})
        fitted = others = reference_images(student.encoder.config.px)
        if imagery.maps:
            fitted, others = _pictures(imagery, student.encoder.config.px)
        fit = _write(student, plain, made, precision, fitted)
        judged = spread(others if len(others) else fitted, COMPARED)
        report: dict[str, Any] = {
            "precision": precision,
            "pictures": _pictures_are(imagery),
            "differences": compare(student, made, judged),
            "bytes": sum((made / name).stat().st_size for name in networks_in(made)),
            **fit,
        }
        if precision != "fp32":
            report["times_faster"] = speed_up(plain, made, judged)
        _write_card(plain, made, precision, out.name, like)
        if imagery.maps and precision != "fp32":
            report["recall_at_1"] = recall_of_both(
                plain,
                made,
                imagery.maps,
                imagery.footprint_m,
                imagery.frames if imagery.truth else None,
                imagery.truth,
                Path(scratch),
            )
        if precision == "int8" and not even_if_worse:
            _refuse_worse(report, max_recall_loss)
        write_json(made / PARITY, report)
        durable.sync_folder(made)
        durable.put_in_place(made, out)
    return report


def spread(pictures: Pictures, count: int) -> Pictures:
    """Return at most `count` of the pictures, evenly from first to last."""
    rows = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).astype(np.intp)
    return np.asarray(pictures[rows])


def _pictures(imagery: Imagery, px: int) -> tuple[Pictures, Pictures]:
    """Return the pictures that int8 is fitted on, and the others, which judge.

    Frames with a truth only judge: Recall@1 is theirs.
    """
    tile_m = TILE_OF_FOOTPRINT * imagery.footprint_m
    tiles = tile_pictures(imagery.maps, tile_m, px, TILES)
    if imagery.frames is None:
        return tiles[::2], tiles[1::2]
    frames = frame_pictures(imagery.frames, tile_m, px, FRAMES)
    if imagery.truth is not None:
        return tiles[::2], np.concatenate([tiles[1::2], frames])
    return np.concatenate([tiles[::2], frames[::2]]), np.concatenate([tiles[1::2], frames[1::2]])


def _pictures_are(imagery: Imagery) -> str:
    if not imagery.maps:
        return "made patterns"
    return "tiles" if imagery.frames is None else "tiles and crops of frames"


def _write(
    student: Student, plain: Path, made: Path, precision: str, fitted: Pictures
) -> dict[str, Any]:
    """Write the networks; return what int8 chose."""
    if precision == "fp16":
        export_student(halved(student), made, "", {}, products=torch.float16)
    elif precision == "int8":
        made.mkdir()
        for name in (RANKER, RELATION):
            shutil.copy(plain / name, made / name)
        return {"int8": fit_int8(plain / ENCODER, made / ENCODER, fitted)}
    else:
        shutil.copytree(plain, made)
    return {}


def _write_card(
    plain: Path, made: Path, precision: str, name: str, like: str | Path | None
) -> None:
    """Write both model.json: shapes from the export, the rest from a model of the same weights."""
    card = json.loads((plain / "model.json").read_text())
    kept = open_model(like)
    theirs = run_reference(kept.path, kept.px, kept.grid)
    ours = run_reference(plain, card["px"], card["grid"])
    if _alike(theirs, ours):
        card |= kept.card
        card |= {"model_id": kept.model_id, "calibration": dict(kept.calibration)}
    elif like is not None:
        raise DataError(f"{like} is not a model of these weights: its networks answer otherwise")
    else:
        card["model_id"] = name
        print("not calibrated yet: python -m training.calibrate does it", file=sys.stderr)
    for folder, said in ((plain, "fp32"), (made, precision)):
        write_json(folder / "model.json", card | {"precision": said})


def _alike(a: Arrays, b: Arrays) -> bool:
    # A model from before relation.onnx was written has the same in its ranker.
    a, b = ({n: v for n, v in side.items() if not n.startswith("relation.")} for side in (a, b))
    return a.keys() == b.keys() and all(
        a[name].shape == b[name].shape and np.allclose(a[name], b[name], atol=1e-4) for name in a
    )


def _refuse_worse(report: dict[str, Any], max_recall_loss: float) -> None:
    recall = report["recall_at_1"]
    lost = recall["reranked_fp32"] - recall["reranked"]
    faster = report["times_faster"]["encoder"]
    anyway = "; use fp16, or --even-if-worse to keep it for a board where it is faster"
    if lost > max_recall_loss:
        raise EngineError(
            f"int8 loses {lost:.3f} of Recall@1 on {recall['frames']} frames, at most "
            f"{max_recall_loss:g} allowed{anyway}"
        )
    if faster < MIN_TIMES_FASTER:
        raise EngineError(
            f"the int8 encoder runs {faster:.2f} times as fast as fp32 here, at least "
            f"{MIN_TIMES_FASTER:g} expected{anyway}"
        )


def _check_replaceable(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out.is_dir() and (out / "model.json").is_file() and (out / ENCODER).is_file()):
        raise EngineError(f"{out} is not a model folder and is left alone; choose another --out")
    if out.resolve() == SHIPPED.resolve():
        raise EngineError(f"{out} is the shipped model and is left alone; choose another --out")
