"""NVIDIA's own parser and strongly typed builder, on a machine without a GPU.

Needs the extra `tensorrt-proof`. A graph that TensorRT-RTX's parser refuses fails here and not on
a Jetson. Loading what it builds would need a driver.
"""

import onnx
import pytest
from onnx import TensorProto, helper

from edgegeo.backends.tensorrt import Session
from edgegeo.backends.tensorrt_builder import build_plan
from edgegeo.errors import EngineError
from edgegeo.export.int8 import fit_int8
from edgegeo.model_folder import ENCODER, RANKER, SHIPPED
from edgegeo.plans import sides_of
from edgegeo.reference import reference_images
from tests.cuda_double import CudaDouble
from tests.tiny_model import write_model
from tests.weights import STUDENT

trt = pytest.importorskip("tensorrt_rtx_bindings")
WORKSPACE = 256 << 20
pytestmark = pytest.mark.filterwarnings("ignore:.*Timing cache operations are no-ops")


# Every network that an engine may carry, by precision and file name.
GRAPHS = [
    *(("fp32", name) for name in (ENCODER, RANKER)),
    *(("fp16", name) for name in (ENCODER, RANKER)),
    ("int8", ENCODER),  # its ranker is that of fp32
]


@pytest.fixture(scope="module")
def fp32():
    return SHIPPED


@pytest.fixture(scope="module")
def fp16(tmp_path_factory):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    from edgegeo.export.checkpoint import load_student
    from edgegeo.export.half import halved
    from edgegeo.export.onnx import export_student

    out = tmp_path_factory.mktemp("fp16")
    export_student(halved(load_student(STUDENT)), out, "test", {}, products=torch.float16)
    return out


@pytest.fixture(scope="module")
def int8(tmp_path_factory):
    out = tmp_path_factory.mktemp("int8")
    fit_int8(SHIPPED / ENCODER, out / ENCODER, reference_images(128))
    return out


@pytest.mark.parametrize(("precision", "name"), GRAPHS)
def test_every_graph_is_parsed_and_built(request, precision, name):
    graph = request.getfixturevalue(precision) / name
    built = build_plan(trt, graph, sides_of(name, 12), workspace_bytes=WORKSPACE)
    assert len(built.plan) > 100_000


def test_an_operator_it_does_not_know_is_named(tmp_path):
    shape = ["b", 4]
    graph = helper.make_graph(
        [helper.make_node("Mystery", ["image"], ["tokens"], name="nobody/knows", domain="own")],
        "mystery",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, shape)],
    )
    sets = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    path = tmp_path / "mystery.onnx"
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=10), path)
    with pytest.raises(EngineError, match=r"cannot read .*mystery\.onnx: Mystery nobody/knows: .+"):
        build_plan(trt, path, {"image": (1, 1, 4)}, workspace_bytes=WORKSPACE)


@pytest.mark.parametrize("content", [b"", b"not a network"])
def test_a_file_that_is_no_network(tmp_path, content):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r"broken\.onnx"):
        build_plan(trt, path, {"image": (1, 1, 4)}, workspace_bytes=WORKSPACE)


def test_the_free_batch_must_be_the_one_that_is_known(tmp_path):
    folder = write_model(tmp_path)
    with pytest.raises(EngineError, match=r"free in the batch of \['picture'\], .* \['image'\]"):
        build_plan(trt, folder / ENCODER, {"picture": (1, 1, 4)}, workspace_bytes=WORKSPACE)


def test_a_profile_upside_down_is_an_error_in_its_words(tmp_path):
    folder = write_model(tmp_path)
    with pytest.raises(EngineError, match=r"encoder\.onnx.*TensorRT said: .*profile"):
        build_plan(trt, folder / ENCODER, {"image": (4, 2, 1)}, workspace_bytes=WORKSPACE)


def test_a_timing_cache_of_something_else_is_left_out(tmp_path):
    folder = write_model(tmp_path)
    sides = sides_of(ENCODER, 12)
    first = build_plan(trt, folder / ENCODER, sides, workspace_bytes=WORKSPACE)
    for cache in (first.timing_cache, b"something else"):
        again = build_plan(
            trt, folder / ENCODER, sides, workspace_bytes=WORKSPACE, timing_cache=cache
        )
        assert again.plan


def test_half_a_plan_is_an_error_in_its_words(tmp_path):
    """Without a driver the runtime gives None for a whole one too."""
    built = build_plan(
        trt, write_model(tmp_path) / ENCODER, sides_of(ENCODER, 12), workspace_bytes=WORKSPACE
    )
    with pytest.raises(EngineError, match=r"refuses encoder\.plan: TensorRT said: .*Error"):
        Session(built.plan[: len(built.plan) // 2], "encoder.plan", trt, CudaDouble())
