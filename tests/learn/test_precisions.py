"""fp16 and int8 graphs: what is inside them, and how far they are from float32."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import onnx  # noqa: E402
from onnx import TensorProto, numpy_helper  # noqa: E402

from edgegeo.backends.onnxruntime import Session  # noqa: E402
from edgegeo.export.checkpoint import load_student  # noqa: E402
from edgegeo.export.half import folded, halved  # noqa: E402
from edgegeo.export.int8 import fit_int8  # noqa: E402
from edgegeo.export.onnx import export_student  # noqa: E402
from edgegeo.export.parity import compare  # noqa: E402
from edgegeo.model_folder import SHIPPED  # noqa: E402
from edgegeo.reference import reference_images, run_reference  # noqa: E402
from tests.weights import STUDENT  # noqa: E402

PICTURES = reference_images(128)


@pytest.fixture(scope="module")
def student():
    return load_student(STUDENT)


@pytest.fixture(scope="module")
def fp32(student, tmp_path_factory):
    out = tmp_path_factory.mktemp("fp32")
    export_student(student, out, "test", {})
    return out


@pytest.fixture(scope="module")
def fp16(student, tmp_path_factory):
    out = tmp_path_factory.mktemp("fp16")
    export_student(halved(student), out, "test", {}, products=torch.float16)
    return out


@pytest.fixture(scope="module")
def int8(fp32, tmp_path_factory):
    out = tmp_path_factory.mktemp("int8") / "encoder.onnx"
    fit_int8(fp32 / "encoder.onnx", out, PICTURES)
    return out


def ends(path):
    graph = onnx.load(path).graph
    return {end.name: end.type.tensor_type.elem_type for end in (*graph.input, *graph.output)}


def test_the_committed_weights_are_the_shipped_model(fp32):
    ours, shipped = run_reference(fp32, 128, 16), run_reference(SHIPPED, 128, 16)
    assert ours.keys() == shipped.keys()
    for name, array in ours.items():
        off = np.abs(array - shipped[name]).max() / max(1.0, np.abs(array).max())
        assert off <= 1e-6, name


def test_folding_batch_normalisation_changes_nothing(student):
    image = torch.from_numpy(PICTURES)
    plain = folded(student)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in plain.modules())
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in student.modules())  # a copy
    with torch.no_grad():
        one, other = student.encoder.tokens(image), plain.encoder.tokens(image)
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


FREE = {  # first sides of each network's inputs
    "encoder.onnx": {"image": "batch"},
    "ranker.onnx": {"query_tokens": "copies", "copy": "k", "move": "k", "candidate_tokens": "k"},
    "relation.onnx": {"cosine": "k", "overlap": "k"},
}


def test_every_graph_is_of_opset_20_and_free_in_its_batch(fp32, fp16, int8):
    for path in (*fp32.glob("*.onnx"), *fp16.glob("*.onnx"), int8):
        model = onnx.load(path)
        assert [each.version for each in model.opset_import if not each.domain] == [20]
        firsts = {
            end.name: end.type.tensor_type.shape.dim[0].dim_param for end in model.graph.input
        }
        assert firsts == FREE[path.name]


@pytest.mark.parametrize("name", ["encoder.onnx", "ranker.onnx"])
def test_half_precision_is_inside_only(fp32, fp16, name):
    assert ends(fp16 / name) == ends(fp32 / name)
    assert TensorProto.FLOAT16 not in ends(fp16 / name).values()


def test_every_weight_of_a_half_convolution_is_half(fp16):
    graph = onnx.load(fp16 / "encoder.onnx").graph
    types = {i.name: i.data_type for i in graph.initializer}
    read = [types[n.input[1]] for n in graph.node if n.op_type == "Conv"]
    assert len(read) == 31
    assert set(read) == {TensorProto.FLOAT16}
    assert (fp16 / "encoder.onnx").stat().st_size < 3.2e6


def test_half_precision_keeps_within_its_bound(student, fp16):
    differences = compare(student, fp16, PICTURES)
    assert {"embedding", "moved", "tokens", "relevance"} == differences.keys()
    for name, off in differences.items():
        assert 0 < off["mean"] <= off["max"] < 5e-3, name


def test_float32_keeps_within_its_bound(student, fp32):
    assert all(off["max"] < 1e-4 for off in compare(student, fp32, PICTURES).values())


def test_a_bright_flat_picture_stays_finite_in_half(fp16):
    """Its sums of squares leave float16."""
    image = np.zeros((1, 4, 128, 128), np.float32)
    image[0, :, ::2] = 2.0
    image[0, 3] = 1
    blank = np.zeros_like(image)
    session = Session(fp16 / "encoder.onnx")
    for picture in (image, blank):
        out = session.run({"image": picture})
        assert all(np.isfinite(array).all() for array in out.values())


def test_int8_is_symmetric_and_has_a_scale_a_channel(int8):
    graph = onnx.load(int8).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    nodes = [n for n in graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
    for node in nodes:
        zero = values[node.input[2]]
        assert zero.dtype == np.int8
        assert not zero.any()
    weights = [n for n in nodes if n.op_type == "DequantizeLinear" and n.input[0] in values]
    kernels = [values[n.input[0]] for n in weights if values[n.input[0]].ndim == 4]
    assert len(kernels) == 21  # of 31: not to stride 4, not the last two
    scales = [values[n.input[1]] for n in weights if values[n.input[0]].ndim == 4]
    assert [s.shape for s in scales] == [(len(k),) for k in kernels]


def test_int8_has_float_ends_and_finds_the_same(int8, fp32):
    assert ends(int8) == ends(fp32 / "encoder.onnx")
    assert int8.stat().st_size < 2.6e6
    one, other = (
        Session(p).run({"image": PICTURES})["embedding"] for p in (int8, fp32 / "encoder.onnx")
    )
    assert ((one * other).sum(axis=1) > 0.99).all()
    assert np.abs(one - other).max() > 1e-4  # it is not the same network
