"""How far right arithmetic takes a network from its reference, and a fault: the tolerances."""

import onnx
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import torch

from edgegeo.backends.onnxruntime import Session
from edgegeo.export.checkpoint import load_student
from edgegeo.export.half import halved
from edgegeo.export.int8 import fit_int8
from edgegeo.export.onnx import export_student
from edgegeo.export.parity import ENCODED, RANKED, InTorch
from edgegeo.model_folder import ENCODER, RANKER, SHIPPED
from edgegeo.models.ranker import Ranker
from edgegeo.reference import reference_images, run_reference, tolerance_of
from tests.bench.bench_rounding import NodeByNode, apart, silenced
from tests.half_sums import HalfSums
from tests.weights import STUDENT


@pytest.fixture(scope="module")
def half():
    return halved(load_student(STUDENT))


@pytest.fixture(scope="module")
def fp16(half, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fp16")
    export_student(half, folder, "test", {}, products=torch.float16)
    return folder


@pytest.fixture(scope="module")
def arrays(fp16):
    return run_reference(fp16, 128, 16)


@pytest.mark.parametrize(("name", "products"), [(ENCODER, 31), (RANKER, 1)])
def test_sums_in_half_stay_within_half_of_the_tolerance(half, arrays, name, products):
    network = {
        ENCODER: InTorch(half.encoder, ENCODED),
        RANKER: InTorch(Ranker(half.relation, half.encoder.config, torch.float16), RANKED),
    }[name]
    for chunk in (16, 1):
        with HalfSums(chunk) as sums:
            _, off = apart(arrays, network.run, name)
        assert sums.calls == products
        assert 0 < off <= tolerance_of(name, "fp16") / 2


def test_most_faults_of_one_channel_are_outside(fp16, arrays, tmp_path):
    seen = []
    for _, model in silenced(fp16 / ENCODER):
        onnx.save(model, tmp_path / "fault.onnx")
        seen.append(apart(arrays, Session(tmp_path / "fault.onnx").run, ENCODER)[1])
    assert len(seen) == 31
    assert sum(off > tolerance_of(ENCODER, "fp16") for off in seen) >= 28


def test_int8_in_float_kernels_stays_within_half_of_the_tolerance(tmp_path):
    for name in (ENCODER, RANKER):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    fit_int8(SHIPPED / ENCODER, tmp_path / ENCODER, reference_images(128), (0.0,))
    arrays = run_reference(tmp_path, 128, 16)
    _, off = apart(arrays, NodeByNode(tmp_path / ENCODER).run, ENCODER)
    assert tolerance_of(ENCODER, "fp16") < off <= tolerance_of(ENCODER, "int8") / 2
