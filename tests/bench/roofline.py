"""How long each network would take at least on a Jetson: an estimate, nobody has measured it.

python -m tests.bench.roofline [MODEL_FOLDER]     # prints two Markdown tables

Counts the floating-point operations and bytes of every node of the ONNX files and divides them
by the peak and the bandwidth that NVIDIA publishes for each board. Real engines reach a fraction
of that, and small batches like ours the smallest; no launch, no copy and no CPU work is in it.

Operations: 2 a multiply-add of Conv, MatMul and Gemm; other nodes are bound by memory. Bytes: "one
by one" every node reads its inputs and writes its output; "fused" only weights, inputs and outputs
of the network and of its Conv, MatMul and Gemm nodes move. The truth lies between.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime

from edgegeo.model_folder import ENCODER, RANKER, SHIPPED

HEAVY = ("Conv", "MatMul", "Gemm")
FREE = ("Constant", "Identity", "Reshape", "Shape", "Squeeze", "Unsqueeze", "Flatten")


class Board(NamedTuple):
    name: str
    fp16_tflops: float  # dense, tensor cores
    gb_per_s: float


# NVIDIA gives INT8 tera-operations with sparsity; dense FP16 is a quarter of that on Orin. Of AGX
# Orin's 275 the GPU has 170. Thor: a quarter of 1035 sparse FP8 teraflops.
BOARDS = [
    Board("Orin Nano 8GB, 15 W (40 TOPS)", 10.0, 68.0),
    Board("Orin Nano 8GB Super, 25 W (67 TOPS)", 16.75, 102.0),
    Board("AGX Orin 64GB (275 TOPS)", 42.5, 204.8),
    Board("Thor T5000 (2070 FP4 TFLOPS)", 258.8, 273.0),
]


class Work(NamedTuple):
    gflop: float
    one_by_one_mb: float
    fused_mb: float

    def least_ms(self, board: Board, bytes_each: int) -> tuple[float, float]:
        """Milliseconds fused and one by one. `bytes_each`: 2 for float16, 4 for float32."""
        compute = self.gflop / board.fp16_tflops
        memory = [
            mb * bytes_each / 4 / board.gb_per_s for mb in (self.fused_mb, self.one_by_one_mb)
        ]
        return max(compute, memory[0]), max(compute, memory[1])


def count(path: Path, inputs: dict[str, np.ndarray]) -> Work:
    """Run the network with every tensor as an output, and count by what comes out."""
    model = onnx.load(path)
    weights = {w.name: tuple(w.dims) for w in model.graph.initializer}
    outside = {value.name for value in (*model.graph.input, *model.graph.output)}
    known = {value.name for value in model.graph.output}
    for node in model.graph.node:
        model.graph.output.extend(
            onnx.ValueInfoProto(name=name) for name in node.output if name and name not in known
        )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [output.name for output in session.get_outputs()]
    values = dict(zip(names, session.run(names, inputs), strict=True)) | inputs
    shapes = weights | {name: value.shape for name, value in values.items()}

    def size(name: str) -> int:
        return 4 * int(np.prod(shapes[name], dtype=np.int64)) if name in shapes else 0

    flop = one_by_one = 0
    moved = {name for name in outside if name in shapes}
    for node in model.graph.node:
        if node.op_type not in FREE:
            one_by_one += sum(map(size, (*node.input, *node.output)))
        if node.op_type in HEAVY:
            flop += 2 * int(np.prod(shapes[node.output[0]])) * depth(node, shapes)
            moved |= {*node.input, *node.output}
    return Work(flop / 1e9, one_by_one / 1e6, sum(map(size, moved)) / 1e6)


def depth(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    """How many products each output is the sum of."""
    first, second = (shapes[name] for name in node.input[:2])
    if node.op_type == "Conv":
        return int(np.prod(second[1:]))
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    return first[0] if transposed else first[-1]


def cases(model: Path) -> dict[str, Work]:
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    image = onnx.load(model / ENCODER).graph.input[0].type.tensor_type.shape.dim
    tokens = onnx.load(model / RANKER).graph.input[0].type.tensor_type.shape.dim
    px, (t, c) = image[-1].dim_value, (side.dim_value for side in tokens[1:])
    found = {
        f"encoder, {b} crops": count(model / ENCODER, {"image": normal(b, 4, px, px)})
        for b in (1, 4, 32)
    }
    for k in (8, 36, 48):
        pairs = {
            "query_tokens": normal(4, t, c),
            "copy": rng.integers(0, 4, k),
            "move": rng.integers(0, 27, k),
            "candidate_tokens": normal(k, t, c),
        }
        found[f"ranker, {k} pairs of 4 crops"] = count(model / RANKER, pairs)
    return found


def main(model: Path) -> None:
    found = cases(model)
    print("| network | GFLOP | MB in float32, fused | node by node |\n|---|---|---|---|")
    for name, work in found.items():
        print(f"| {name} | {work.gflop:.2f} | {work.fused_mb:.0f} | {work.one_by_one_mb:.0f} |")
    print("\nEstimated least milliseconds in float16, fused to node by node; not measured:\n")
    print("| network | " + " | ".join(board.name for board in BOARDS) + " |")
    print("|---" * (len(BOARDS) + 1) + "|")
    for name, work in found.items():
        times = ("{:.2f}-{:.2f}".format(*work.least_ms(board, 2)) for board in BOARDS)
        print(f"| {name} | {' | '.join(times)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
