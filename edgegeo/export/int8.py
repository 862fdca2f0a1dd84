"""The encoder with its convolutions in 8-bit integers, as Q/DQ nodes in the ONNX graph.

Symmetric throughout, as TensorRT asks: int8 weights with one scale a channel, int8 activations
with one scale a tensor, from the least to the largest value seen. The ranker has no weights worth
it.

Whether SmoothQuant's scales are folded in before, and how strongly, is decided on the very pictures
that the scales are fitted on. For the shipped weights they are not (tiles of the training split,
mean error of embeddings 0.0020 without, 0.0021, 0.0023 and 0.0024 for strengths of 0.125 to 0.5):
they even out outliers of transformers, and here one scale a channel of weights already does.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.backends.onnxruntime import Session
from edgegeo.errors import MissingExtraError
from edgegeo.export import smooth
from edgegeo.export.quiet import quiet

BATCH = 8
STRENGTHS = (0.0, 0.125, 0.25, 0.5)  # of smoothing; 0.5 is the paper's
# Layers that stay in float32, by the start of their weights' names. Measured with the shipped
# weights on 104 tiles of the training split (seneca, long_beach), fitted on every second and judged
# on the others, each part added to int8 by itself. None of them made the encoder faster.
FLOAT_PARTS = {
    "stem": "with the shipped weights int8 made the error of embeddings 3 times as large",
    "stride4": "with the shipped weights int8 made the error of embeddings 1.7 times as large",
    "features": "with the shipped weights int8 made the error of tokens 1.13 times as large",
    "weight": "with the shipped weights int8 made the error of tokens 1.06 times as large",
    "projection": "1 % of the work; int8 made the error of embeddings 1.3 times as large",
}

Pictures = NDArray[np.float32]


def fit_int8(
    encoder: Path, out: Path, pictures: Pictures, strengths: Sequence[float] = STRENGTHS
) -> dict[str, Any]:
    """Write the float32 network `encoder` with int8 convolutions to `out`.

    Scales of activations, and the strength of smoothing, are those that suit `pictures`
    (n, 4, px, px), network inputs. Of strengths that do as well the first is taken.

    Returns what was chosen and what stayed in float32: {"smoothing": strength, "embedding_error":
    {strength: mean over the pictures}, "int8_layers": [...], "float32_layers": {layer: why}}.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError.of("int8", "train") from error
    model = onnx.load(encoder)
    seen = smooth.peaks(model, pictures)
    expected = _embeddings(encoder, pictures)
    errors: dict[float, float] = {}
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        made = {strength: Path(scratch) / f"{strength}.onnx" for strength in strengths}
        for strength, path in made.items():
            quantise(smooth.smoothed(model, seen, strength), path, pictures)
            off = np.abs(_embeddings(path, pictures) - expected)
            errors[strength] = float(off.mean())
        chosen = min(errors, key=errors.__getitem__)
        os.replace(made[chosen], out)
    layers = _layers(model)
    return {
        "smoothing": chosen,
        "embedding_error": {str(strength): error for strength, error in errors.items()},
        "int8_layers": [name for name, why in layers.items() if why is None],
        "float32_layers": {name: why for name, why in layers.items() if why is not None},
    }


def quantise(model: Any, out: Path, pictures: Pictures) -> None:
    """Write an ONNX model with int8 convolutions to `out`, fitted on `pictures` as it is."""
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            starts = range(0, len(pictures), BATCH)
            self._batches = iter([{"image": pictures[i : i + BATCH]} for i in starts])

        def get_next(self) -> dict[str, Pictures] | None:
            return next(self._batches, None)

    kept = [n.name for n in model.graph.node if n.op_type == "Conv" and _why_float(n.input[1])]
    with quiet():
        quantization.quantize_static(
            model,
            out,
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=kept,
            per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,  # TensorRT wants biases in float32
            },
        )


def _embeddings(encoder: Path, pictures: Pictures) -> NDArray[np.float32]:
    session = Session(encoder)
    starts = range(0, len(pictures), BATCH)
    found = [session.run({"image": pictures[i : i + BATCH]})["embedding"] for i in starts]
    return np.concatenate(found)


def _layers(model: Any) -> dict[str, str | None]:
    """Return every layer that holds weights, and why it is not in int8; None where it is."""
    stored = {tensor.name for tensor in model.graph.initializer}
    found: dict[str, str | None] = {}
    for node in model.graph.node:
        if node.op_type in ("Conv", "MatMul", "Gemm"):
            for name in stored & set(node.input[:2]):
                why = _why_float(name) or (None if node.op_type == "Conv" else "no convolution")
                found[name.removesuffix(".weight")] = why
    return found


def _why_float(weights: str) -> str | None:
    return next((why for part, why in FLOAT_PARTS.items() if weights.startswith(part)), None)
