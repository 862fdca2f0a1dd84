"""SmoothQuant folded into convolutions: the same function, whose activations are easier to round.

Xiao et al., 2023 (arXiv:2211.10438). Between two convolutions with a ReLU, channel j is divided by
s_j = (max|X_j| / max|W_j|)^a in the first one's weights, and multiplied by it in the second one's:
X_j its activations, W_j the weights that read it, `a` the strength. 0 changes nothing; at 0.5, the
paper's own, activations and weights come to the same size, channel by channel. A ReLU lets positive
factors through.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

BATCH = 8


class Link(NamedTuple):
    """A ReLU between two convolutions that nothing else reads; names of its output, and weights."""

    relu: str
    before: tuple[str, ...]  # weights and bias of the first
    after: str  # weights of the second


def links(model: Any) -> list[Link]:
    """Return the places of an ONNX model where scales can be folded, in the order of the graph."""
    import onnx

    made = {name: node for node in model.graph.node for name in node.output}
    read = [name for node in model.graph.node for name in node.input]
    read += [end.name for end in model.graph.output]
    stored = {tensor.name for tensor in model.graph.initializer}
    found = []
    for conv in model.graph.node:
        relu = made.get(conv.input[0]) if conv.op_type == "Conv" else None
        if relu is None or relu.op_type != "Relu":
            continue
        first: onnx.NodeProto | None = made.get(relu.input[0])
        if first is None or first.op_type != "Conv":
            continue
        alone = all(read.count(node.output[0]) == 1 for node in (first, relu))
        weights = (*first.input[1:], conv.input[1])
        if alone and all(name in stored and read.count(name) == 1 for name in weights):
            found.append(Link(relu.output[0], tuple(first.input[1:]), conv.input[1]))
    return found


def peaks(model: Any, pictures: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return the largest value of each channel (c,) after the ReLU of every link, by its name."""
    import onnx

    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    names = [link.relu for link in links(model)]
    if not names:
        return {}
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = ort.InferenceSession(wide.SerializeToString(), providers=["CPUExecutionProvider"])
    largest = []
    for start in range(0, len(pictures), BATCH):
        seen = session.run(names, {"image": pictures[start : start + BATCH]})
        largest.append([values.max(axis=(0, 2, 3)) for values in seen])
    return {
        n: np.max(each, axis=0) for n, each in zip(names, zip(*largest, strict=True), strict=True)
    }


def smoothed(model: Any, seen: Mapping[str, NDArray[np.float32]], strength: float) -> Any:
    """Return a copy of an ONNX model with scales folded, for activations as `peaks` saw them."""
    import onnx
    from onnx import numpy_helper

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    tensors = {tensor.name: tensor for tensor in copy.graph.initializer}

    def multiply(name: str, factors: NDArray[np.float64]) -> None:
        values = numpy_helper.to_array(tensors[name]) * factors
        tensors[name].CopyFrom(numpy_helper.from_array(values.astype(np.float32), name))

    for link in reversed(links(model)):  # what reads a channel has its own scales by then
        weights = np.abs(numpy_helper.to_array(tensors[link.after])).max(axis=(0, 2, 3))
        used = (seen[link.relu] > 0) & (weights > 0)
        scale = np.ones(len(weights))
        scale[used] = (seen[link.relu][used] / weights[used]) ** strength
        for name in link.before:
            multiply(name, 1 / scale.reshape(-1, *[1] * (len(tensors[name].dims) - 1)))
        multiply(link.after, scale[:, None, None])
    return copy
