"""The encoder with its convolutions in 8-bit integers, as Q/DQ nodes in the ONNX graph.

Symmetric throughout, as TensorRT asks: int8 weights with one scale a channel, int8 activations
with one scale a tensor, from the least to the largest value seen. In float32 stay the convolutions
to stride 4, whose rounding did most harm, and the last ones, which decide a token's direction. The
ranker has no weights worth it.

SmoothQuant (Xiao et al., 2023) is left out: moving s = (largest activation)^a / (largest weight)^(1
- a) from channel to channel across the ReLUs of each block made embeddings worse, the more the
larger a was (mean error 0.0036 without, 0.0037, 0.0039, 0.0043, 0.0058 for a = 0.25 to 1). It
evens out outliers of transformers; here one scale a channel of weights already does.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import MissingExtraError
from edgegeo.export.quiet import quiet

BATCH = 8
FLOAT_PARTS = ("stem", "stride4", "features", "weight")


def quantise(encoder: Path, out: Path, pictures: NDArray[np.float32]) -> None:
    """Write the float32 network `encoder` with int8 convolutions to `out`.

    The scales of activations are those of `pictures` (n, 4, px, px), network inputs.
    """
    try:
        import onnx
        from onnxruntime import quantization
    except ImportError as error:
        raise MissingExtraError.of("int8", "train") from error

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            starts = range(0, len(pictures), BATCH)
            self._batches = iter([{"image": pictures[i : i + BATCH]} for i in starts])

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(self._batches, None)

    convolutions = [n for n in onnx.load(encoder).graph.node if n.op_type == "Conv"]
    kept = [n.name for n in convolutions if n.input[1].startswith(FLOAT_PARTS)]
    with quiet():
        quantization.quantize_static(
            encoder,
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
