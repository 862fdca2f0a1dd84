"""Write the student as the two ONNX files an engine carries."""

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgegeo.export.quiet import quiet
from edgegeo.models.ranker import Ranker
from edgegeo.models.student import Student

OPSET = 20  # native GELU and layer norm, and inside what TensorRT 10 parses


def export_student(
    student: Student,
    out: Path,
    model_id: str,
    notes: dict[str, Any],
    products: torch.dtype = torch.float32,
) -> None:
    """Write encoder.onnx, ranker.onnx and model.json into the folder `out`.

    `notes` (licences, command, metrics) go into model.json beside the shapes. Inputs and
    outputs are named and described in edgegeo.models.encoder.Encoder and ranker.Ranker; they are
    float32 whatever the precision inside. `products` is the ranker's, see there.
    """
    out.mkdir(parents=True, exist_ok=True)
    config = student.encoder.config
    to_onnx(
        student.encoder,
        (torch.rand(2, 4, config.px, config.px),),
        out / "encoder.onnx",
        {"image": {0: torch.export.Dim("batch", min=1)}},
        ["embedding", "tokens", "moved", "moves"],
    )
    export_ranker(student, out / "ranker.onnx", products)
    facts = {"model_id": model_id, "px": config.px, "grid": config.grid, "calibration": {}, **notes}
    write_json(out / "model.json", facts)


def export_ranker(student: Student, path: Path, products: torch.dtype = torch.float32) -> None:
    """Write the ranker alone, for a relation that was taught with its encoder left as it is."""
    config = student.encoder.config
    tokens, width = config.grid**2, config.token_width
    copies, k = (torch.export.Dim(name, min=1) for name in ("copies", "k"))
    to_onnx(
        Ranker(student.relation, config, products).eval(),
        (
            torch.rand(2, tokens, width),
            torch.zeros(3, dtype=torch.long),
            torch.zeros(3, dtype=torch.long),
            torch.rand(3, tokens, width),
        ),
        path,
        {"query_tokens": {0: copies}, "copy": {0: k}, "move": {0: k}, "candidate_tokens": {0: k}},
        ["relevance", "offset", "log_variance", "turn", "scale"],
    )


def to_onnx(
    module: nn.Module,
    inputs: tuple[torch.Tensor, ...],
    path: Path,
    dynamic: dict[str, dict[int, Any]],
    outputs: list[str],
) -> None:
    part = path.with_suffix(".part")
    with quiet():
        torch.onnx.export(
            module.eval(),
            inputs,
            str(part),
            dynamo=True,
            opset_version=OPSET,
            external_data=False,
            input_names=list(dynamic),
            output_names=outputs,
            dynamic_shapes=tuple(dynamic.values()),
            verbose=False,
        )
    os.replace(part, path)


def write_json(path: Path, value: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
    os.replace(part, path)
