"""Stand-in networks that keep the model contract: random weights, the same on every run.

The encoder is one strided convolution to tokens and a random projection of them, with the tokens
a step to the west, in place, and a step to the east; the ranker correlates tokens place by place.
Good enough to find a tile again from its own pixels.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def write_model(
    folder: Path, px: int = 32, grid: int = 4, c: int = 8, d: int = 16, moved: bool = True
) -> Path:
    """Write encoder.onnx, ranker.onnx and model.json; returns the folder.

    Without `moved` the encoder gives neither `moved` nor `moves`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    onnx.save(_encoder(rng, px, grid, c, d, moved), folder / "encoder.onnx")
    onnx.save(_ranker(rng, grid**2, c), folder / "ranker.onnx")
    calibration = {"temperature": 1.0, "accept": 0.5}
    card = {"model_id": f"tiny-{px}", "px": px, "grid": grid, "calibration": calibration}
    (folder / "model.json").write_text(json.dumps(card))
    return folder


def _encoder(
    rng: np.random.Generator, px: int, grid: int, c: int, d: int, moved: bool
) -> onnx.ModelProto:
    stride, t = px // grid, grid**2
    weights = {
        "kernel": _normal(rng, (c, 4, stride, stride)),
        "project": _normal(rng, (t * c, d)),
        "to_tokens": np.array([0, c, t], np.int64),
        "to_rows": np.array([0, 3, t * c], np.int64),
        "one_more": np.array([0, 0, 0, 0, 1, 0], np.int64),
        "from": _tokens_east_by(grid, (-1, 0, 1)),
        "middle": np.array(1, np.int64),
        "moves_known": np.array([[0, s / grid, 0] for s in (-1, 0, 1)], np.float32),
    }
    nodes = [
        helper.make_node(
            "Conv", ["image", "kernel"], ["map"], kernel_shape=[stride] * 2, strides=[stride] * 2
        ),
        helper.make_node("Reshape", ["map", "to_tokens"], ["channels_first"]),
        helper.make_node("Transpose", ["channels_first"], ["raw"], perm=[0, 2, 1]),
        helper.make_node("LpNormalization", ["raw"], ["tokens"], axis=2, p=2),
        helper.make_node("Pad", ["tokens", "one_more"], ["tokens_and_none"]),
        helper.make_node("Gather", ["tokens_and_none", "from"], ["shifted"], axis=1),
        helper.make_node("Reshape", ["shifted", "to_rows"], ["rows"]),
        helper.make_node("MatMul", ["rows", "project"], ["projected"]),
        helper.make_node("LpNormalization", ["projected"], ["moved"], axis=2, p=2),
        helper.make_node("Gather", ["moved", "middle"], ["embedding"], axis=1),
        helper.make_node("Identity", ["moves_known"], ["moves"]),
    ]
    outputs = {"embedding": ["b", d], "tokens": ["b", t, c]}
    if moved:
        outputs |= {"moved": ["b", 3, d], "moves": [3, 3]}
    return _model(
        nodes,
        [helper.make_tensor_value_info("image", FLOAT, ["b", 4, px, px])],
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in outputs.items()],
        weights,
    )


def _tokens_east_by(grid: int, steps: tuple[int, ...]) -> np.ndarray:
    """(m, t) which token comes to lie on each when all move east; t where none does."""
    row, column = np.divmod(np.arange(grid**2), grid)
    source = column - np.array(steps)[:, None]
    inside = (source >= 0) & (source < grid)
    return np.where(inside, row * grid + source, grid**2)


def _ranker(rng: np.random.Generator, t: int, c: int) -> onnx.ModelProto:
    weights = {
        "shift": _normal(rng, (c, 2)) * 0.1,
        "minus_one": np.array(-1, np.float32),
        "zero": np.array(0, np.float32),
        "one": np.array(1, np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["query_tokens", "copy"], ["query"], axis=0),
        helper.make_node("Mul", ["query", "candidate_tokens"], ["agreement"]),
        helper.make_node("ReduceMean", ["agreement"], ["channels"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", ["agreement"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Identity", ["mean"], ["relevance"]),
        helper.make_node("MatMul", ["channels", "shift"], ["offset"]),
        helper.make_node("Mul", ["mean", "minus_one"], ["log_variance"]),
        helper.make_node("Cast", ["move"], ["number"], to=FLOAT),
        helper.make_node("Mul", ["number", "zero"], ["turn"]),
        helper.make_node("Add", ["turn", "one"], ["scale"]),
    ]
    return _model(
        nodes,
        [
            helper.make_tensor_value_info("query_tokens", FLOAT, ["r", t, c]),
            helper.make_tensor_value_info("copy", INT64, ["k"]),
            helper.make_tensor_value_info("move", INT64, ["k"]),
            helper.make_tensor_value_info("candidate_tokens", FLOAT, ["k", t, c]),
        ],
        [
            helper.make_tensor_value_info("relevance", FLOAT, ["k"]),
            helper.make_tensor_value_info("offset", FLOAT, ["k", 2]),
            helper.make_tensor_value_info("log_variance", FLOAT, ["k"]),
            helper.make_tensor_value_info("turn", FLOAT, ["k"]),
            helper.make_tensor_value_info("scale", FLOAT, ["k"]),
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
