"""Write the student as the three ONNX files an engine carries."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from edgegeo.export.quiet import quiet
from edgegeo.model_folder import ENCODER, RANKER, RELATION
from edgegeo.models.ranker import Judge, Ranker
from edgegeo.models.student import REACH, Student

NOTHING: Mapping[str, str] = {}
OPSET = 20  # native GELU and layer norm, and inside what TensorRT 10 parses


def export_student(
    student: Student,
    out: Path,
    model_id: str,
    notes: dict[str, Any],
    products: torch.dtype = torch.float32,
) -> None:
    """Write encoder.onnx, ranker.onnx, relation.onnx and model.json into the folder `out`.

    `notes` (licences, command, metrics) go into model.json beside the shapes. Inputs and
    outputs are named and described in edgegeo.models.encoder.Encoder, ranker.Ranker and
    ranker.Judge; they are float32 whatever the precision inside. `products` is the ranker's, see
    there.
    """
    out.mkdir(parents=True, exist_ok=True)
    config = student.encoder.config
    to_onnx(
        student.encoder,
        (torch.rand(2, 4, config.px, config.px),),
        out / ENCODER,
        {"image": {0: torch.export.Dim("batch", min=1)}},
        ["embedding", "tokens", "moved", "moves"],
    )
    export_ranker(student, out / RANKER, products)
    export_relation(student, out / RELATION)
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


def export_relation(student: Student, path: Path) -> None:
    """Write what judges the volumes that the kernel `relate` makes of stored tokens.

    The file's metadata holds `power`, of the overlap, by which turns and scales are to be compared
    before it sees the best one: the kernel's argument.
    """
    cosine, overlap = torch.rand(2, 3, 2 * REACH + 1, 2 * REACH + 1).unbind()
    k = torch.export.Dim("k", min=1)
    to_onnx(
        Judge(student.relation, student.encoder.config.grid),
        (cosine, overlap),
        path,
        {"cosine": {0: k}, "overlap": {0: k}},
        ["relevance", "offset", "log_variance"],
        {"power": repr(student.relation.power.item())},
    )


def to_onnx(
    module: nn.Module,
    inputs: tuple[torch.Tensor, ...],
    path: Path,
    dynamic: dict[str, dict[int, Any]],
    outputs: list[str],
    metadata: Mapping[str, str] = NOTHING,
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
    made = onnx.load(part)
    forget_origin(made)
    onnx.helper.set_model_props(made, dict(metadata))
    onnx.save(made, part)
    os.replace(part, path)


def forget_origin(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes of every part of a graph: the lines of code it came from, with
    the paths of the machine they lay on."""
    graph = model.graph
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for weight in graph.initializer:
        weight.ClearField("metadata_props")


def write_json(path: Path, value: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
    os.replace(part, path)
