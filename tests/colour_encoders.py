"""Encoders of one pooling: the embedding of a picture is its mean colour."""

import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper


def write_encoder(
    path: Path, px=16, channels=3, batch="b", output="descriptor", node="GlobalAveragePool"
) -> Path:
    """Write `image` (batch, channels, px, px) -> `output` (batch, channels)."""
    nodes = [
        helper.make_node(node, ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], [output], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "colour",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, channels, px, px])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, None])],
    )
    opset = [helper.make_opsetid("", 17)]
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def write_model(folder: Path, px=16) -> Path:
    """Write a model folder whose encoder takes the four channels of ours."""
    write_encoder(folder / "encoder.onnx", px, 4, output="embedding")
    (folder / "ranker.onnx").write_bytes(b"not loaded")
    card = {"model_id": "colours", "px": px, "grid": 4}
    (folder / "model.json").write_text(json.dumps(card))
    return folder
