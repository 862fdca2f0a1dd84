"""How far right arithmetic may take a network from its reference, and how far a fault does.

    python -m tests.bench.bench_rounding CHECKPOINT

CHECKPOINT  training/weights/student-1.safetensors, for instance

What reference.TOLERANCES are made of. On the reference inputs, the largest relative difference of
any output from what ONNX Runtime computes of the same graph; int8 is fitted on the reference
inputs. First by arithmetic that a right CPU or GPU may have, with the double of tests/half_sums.py;
then by faults: of each convolution the strongest channel silenced.
"""

import argparse
import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper

from edgegeo.backends.onnxruntime import Session
from edgegeo.export.checkpoint import load_student
from edgegeo.export.half import folded, halved
from edgegeo.export.int8 import fit_int8
from edgegeo.export.onnx import export_student
from edgegeo.export.parity import ENCODED, RANKED, InTorch
from edgegeo.model_folder import ENCODER, RANKER
from edgegeo.models.ranker import Ranker
from edgegeo.reference import run_reference, tolerance_of
from tests.half_sums import HalfSums

PX, GRID = 128, 16


class NodeByNode:
    """A network in ONNX Runtime without its integer kernels: Q/DQ nodes are computed in float32."""

    def __init__(self, path):
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, inputs):
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, inputs), strict=True))


def apart(arrays, run, name):
    """Return the output that differs most and by how much, relative as reference.difference_of."""
    parts = {
        side: {
            key.removeprefix(prefix): array
            for key, array in arrays.items()
            if key.startswith(prefix)
        }
        for side in ("in", "out")
        for prefix in [f"{name.removesuffix('.onnx')}.{side}."]
    }
    found = run(parts["in"])
    off = {
        key: float(np.abs(found[key] - array).max()) / max(1.0, float(np.abs(array).max()))
        for key, array in parts["out"].items()
    }
    return max(off.items(), key=lambda item: item[1])


def nudged(run):
    """The same network on inputs that are off by a float32's last bits."""
    return lambda inputs: run({n: (a * (1 + 1e-6)).astype(a.dtype) for n, a in inputs.items()})


def silenced(path):
    """Yield each convolution's weights by name, and the network with its strongest channel at 0."""
    for tensor in onnx.load(path).graph.initializer:
        if len(tensor.dims) != 4:
            continue
        model = onnx.load(path)
        mine = next(t for t in model.graph.initializer if t.name == tensor.name)
        values = numpy_helper.to_array(mine).copy()
        values[np.abs(values.astype(np.float32)).sum(axis=(1, 2, 3)).argmax()] = 0
        mine.CopyFrom(numpy_helper.from_array(values, tensor.name))
        yield tensor.name, model


def print_faults(arrays, folder, precision):
    faults = []
    for layer, model in silenced(folder / ENCODER):
        onnx.save(model, folder / "fault.onnx")
        faults.append((apart(arrays, Session(folder / "fault.onnx").run, ENCODER)[1], layer))
    bound = tolerance_of(ENCODER, precision)
    caught = sum(off > bound for off, _ in faults)
    least = ", ".join(f"{layer} {off:.1e}" for off, layer in sorted(faults)[:3])
    print(f"\n{precision}: {caught} of {len(faults)} faults over {bound:g}; the least: {least}")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("checkpoint", type=Path)
    student = load_student(p.parse_args().checkpoint)
    half, config = halved(student), student.encoder.config
    in_half = {
        ENCODER: InTorch(half.encoder, ENCODED),
        RANKER: InTorch(Ranker(half.relation, config, torch.float16), RANKED),
    }
    in_float = {
        ENCODER: InTorch(folded(student).encoder, ENCODED),
        RANKER: InTorch(Ranker(student.relation, config), RANKED),
    }
    ways = (
        ("float16, PyTorch's own sums", nullcontext(), in_half),
        ("float16 sums, rounded each 16 products", HalfSums(16), in_half),
        ("float16 sums, rounded each 4 products", HalfSums(4), in_half),
        ("float16 sums, rounded each product", HalfSums(1), in_half),
        ("nothing rounded to float16", nullcontext(), in_float),
    )
    with tempfile.TemporaryDirectory() as temporary:
        fp16, int8 = Path(temporary) / "fp16", Path(temporary) / "int8"
        export_student(half, fp16, "", {}, products=torch.float16)
        export_student(student, int8, "", {})
        plain = run_reference(int8, PX, GRID)
        print("| network | arithmetic | output | off by | allowed |\n|---|---|---|---|---|")

        def row(name, precision, text, found):
            allowed = tolerance_of(name, precision)
            print(f"| {name} in {precision} | {text} | {found[0]} | {found[1]:.1e} | {allowed:g} |")

        for name in (ENCODER, RANKER):
            row(name, "fp32", "PyTorch's own sums", apart(plain, in_float[name].run, name))
        arrays = run_reference(fp16, PX, GRID)
        for name in (ENCODER, RANKER):
            for text, mode, networks in ways:
                with mode:
                    found = apart(arrays, networks[name].run, name)
                row(name, "fp16", text, found)
        fit_int8(int8 / ENCODER, int8 / ENCODER, plain["encoder.in.image"])
        whole = run_reference(int8, PX, GRID)
        same = Session(int8 / ENCODER)
        row(ENCODER, "int8", "inputs times 1.000001", apart(whole, nudged(same.run), ENCODER))
        by_node = NodeByNode(int8 / ENCODER)
        row(ENCODER, "int8", "Q/DQ nodes in float32", apart(whole, by_node.run, ENCODER))
        print_faults(arrays, fp16, "fp16")
        print_faults(whole, int8, "int8")


if __name__ == "__main__":
    main()
