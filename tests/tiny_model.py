"""Stand-in networks that keep the model contract: random weights, the same on every run.

The encoder is one strided convolution to tokens and a random projection of their mean; the
ranker correlates tokens place by place. Good enough to find a tile again from its own pixels.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def write_model(folder: Path, px: int = 32, grid: int = 4, c: int = 8, d: int = 16) -> Path:
    """Write encoder.onnx, ranker.onnx and model.json; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    onnx.save(_encoder(rng, px, grid, c, d), folder / "encoder.onnx")
    onnx.save(_ranker(rng, grid**2, c), folder / "ranker.onnx")
    calibration = {"temperature": 1.0, "accept": 0.5}
    card = {"model_id": f"tiny-{px}", "px": px, "grid": grid, "calibration": calibration}
    (folder / "model.json").write_text(json.dumps(card))
    return folder


def _encoder(rng: np.random.Generator, px: int, grid: int, c: int, d: int) -> onnx.ModelProto:
    stride, t = px // grid, grid**2
    weights = {
        "kernel": _normal(rng, (c, 4, stride, stride)),
        "project": _normal(rng, (t * c, d)),
        "to_tokens": np.array([0, c, t], np.int64),
        "to_row": np.array([0, t * c], np.int64),
    }
    nodes = [
        helper.make_node(
            "Conv", ["image", "kernel"], ["map"], kernel_shape=[stride] * 2, strides=[stride] * 2
        ),
        helper.make_node("Reshape", ["map", "to_tokens"], ["channels_first"]),
        helper.make_node("Transpose", ["channels_first"], ["raw"], perm=[0, 2, 1]),
        helper.make_node("LpNormalization", ["raw"], ["tokens"], axis=2, p=2),
        helper.make_node("Reshape", ["tokens", "to_row"], ["row"]),
        helper.make_node("MatMul", ["row", "project"], ["projected"]),
        helper.make_node("LpNormalization", ["projected"], ["embedding"], axis=1, p=2),
    ]
    return _model(
        nodes,
        [helper.make_tensor_value_info("image", FLOAT, ["b", 4, px, px])],
        [
            helper.make_tensor_value_info("embedding", FLOAT, ["b", d]),
            helper.make_tensor_value_info("tokens", FLOAT, ["b", t, c]),
        ],
        weights,
    )


def _ranker(rng: np.random.Generator, t: int, c: int) -> onnx.ModelProto:
    weights = {
        "shift": _normal(rng, (c, 2)) * 0.1,
        "minus_one": np.array(-1, np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["query_tokens", "copy"], ["query"], axis=0),
        helper.make_node("Mul", ["query", "candidate_tokens"], ["agreement"]),
        helper.make_node("ReduceMean", ["agreement"], ["channels"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", ["agreement"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Identity", ["mean"], ["relevance"]),
        helper.make_node("MatMul", ["channels", "shift"], ["offset"]),
        helper.make_node("Mul", ["mean", "minus_one"], ["log_variance"]),
    ]
    return _model(
        nodes,
        [
            helper.make_tensor_value_info("query_tokens", FLOAT, ["r", t, c]),
            helper.make_tensor_value_info("copy", INT64, ["k"]),
            helper.make_tensor_value_info("candidate_tokens", FLOAT, ["k", t, c]),
        ],
        [
            helper.make_tensor_value_info("relevance", FLOAT, ["k"]),
            helper.make_tensor_value_info("offset", FLOAT, ["k", 2]),
            helper.make_tensor_value_info("log_variance", FLOAT, ["k"]),
        ],
        weights,
    )


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)


def _model(nodes, inputs, outputs, weights) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
