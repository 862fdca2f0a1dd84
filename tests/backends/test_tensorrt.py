"""The TensorRT session over the labelled double: right numbers, few graphs, clear refusals."""

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from edgegeo.backends import onnxruntime
from edgegeo.backends.tensorrt import MOST_GRAPHS, Session
from edgegeo.backends.tensorrt_builder import build_plan
from edgegeo.errors import EngineError, ShapeError
from edgegeo.model_folder import SHIPPED
from edgegeo.plans import sides_of
from tests.cuda_double import CudaDouble
from tests.tensorrt_double import tensorrt_double
from tests.tiny_model import write_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"))


def session_of(folder, name, cuda, version="10.3.0"):
    trt = tensorrt_double(cuda, version)
    built = build_plan(trt, folder / name, sides_of(name, 12), workspace_bytes=1 << 20)
    return Session(built.plan, name, trt, cuda)


def ranker_inputs(rng, copies, k, t=16, c=8):
    return {
        "query_tokens": rng.standard_normal((copies, t, c), np.float32),
        "copy": rng.integers(0, copies, k),
        "move": rng.integers(0, 3, k),
        "candidate_tokens": rng.standard_normal((k, t, c), np.float32),
    }


@pytest.mark.parametrize("version", ["10.3.0", "10.16.1.11", "11.4.0.106"])
def test_every_batch_gives_what_onnx_runtime_gives(folder, version):
    rng = np.random.default_rng(0)
    ours = session_of(folder, "ranker.onnx", CudaDouble(), version)
    theirs = onnxruntime.Session(folder / "ranker.onnx", threads=1)
    for copies, k in [(1, 1), (4, 37), (3, 36), (4, 48), (2, 5), (4, 37), (48, 48)]:
        inputs = ranker_inputs(rng, copies, k)
        got = ours.run(inputs)
        for name, expected in theirs.run(inputs).items():
            np.testing.assert_allclose(got[name], expected, atol=1e-6, err_msg=name)
            assert got[name].dtype == expected.dtype


def test_the_shipped_encoder_gives_what_onnx_runtime_gives():
    image = np.random.default_rng(1).standard_normal((3, 4, 128, 128), np.float32)
    got = session_of(SHIPPED, "encoder.onnx", CudaDouble()).run({"image": image})
    expected = onnxruntime.Session(SHIPPED / "encoder.onnx", threads=1).run({"image": image})
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(got[name], value, atol=1e-5, err_msg=name)


def test_a_size_is_captured_once_and_launched_without_allocating(folder):
    cuda, rng = CudaDouble(), np.random.default_rng(2)
    session = session_of(folder, "ranker.onnx", cuda)
    session.run(ranker_inputs(rng, 4, 36))
    cuda.calls.clear()
    for k in (33, 36, 40):  # all rounded up to 40
        session.run(ranker_inputs(rng, 4, k))
    assert cuda.calls == ["cudaGraphLaunch"] * 3
    assert cuda.graphs == 1


def test_graphs_are_bounded(folder):
    cuda, rng = CudaDouble(), np.random.default_rng(3)
    session = session_of(folder, "ranker.onnx", cuda)
    for copies in (1, 2, 4, 8, 16):
        for k in (1, 2, 4, 8, 16, 24, 32):
            session.run(ranker_inputs(rng, copies, k))
    assert cuda.graphs == MOST_GRAPHS


def test_what_cannot_be_captured_is_enqueued(folder):
    cuda = CudaDouble(capturable=False)
    image = np.random.default_rng(4).standard_normal((2, 4, 32, 32), np.float32)
    session = session_of(folder, "encoder.onnx", cuda)
    expected = onnxruntime.Session(folder / "encoder.onnx", threads=1).run({"image": image})
    for _ in range(2):
        np.testing.assert_allclose(session.run({"image": image})["tokens"], expected["tokens"])
    assert "cudaGraphLaunch" not in cuda.calls


def test_results_are_not_overwritten_by_the_next_frame(folder):
    session = session_of(folder, "encoder.onnx", CudaDouble())
    images = np.random.default_rng(5).standard_normal((2, 1, 4, 32, 32), np.float32)
    first = session.run({"image": images[0]})["tokens"]
    kept = first.copy()
    session.run({"image": images[1]})
    np.testing.assert_array_equal(first, kept)


def test_threads_take_turns(folder):
    session = session_of(folder, "encoder.onnx", CudaDouble())
    images = np.random.default_rng(6).standard_normal((16, 1, 4, 32, 32), np.float32)
    alone = [session.run({"image": image})["embedding"] for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: session.run({"image": i})["embedding"], images))
    np.testing.assert_array_equal(together, alone)


def test_a_dropped_session_gives_its_memory_back(folder):
    cuda = CudaDouble()
    session = session_of(folder, "encoder.onnx", cuda)
    assert cuda.memory
    del session
    gc.collect()
    assert not cuda.memory


def test_too_little_memory_to_load_gives_back_what_was_taken(folder):
    cuda = CudaDouble(memory_bytes=100_000)  # of the 600 kB that 32 crops need
    with pytest.raises(EngineError, match="cudaErrorMemoryAllocation"):
        session_of(folder, "encoder.onnx", cuda)
    gc.collect()
    assert cuda.calls.count("cudaMalloc") > 1
    assert not cuda.memory


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"picture": np.zeros((1, 4, 32, 32), np.float32)},
        {"image": np.zeros((1, 4, 31, 32), np.float32)},
        {"image": np.zeros((1, 4, 32, 32))},
        {"image": np.zeros((0, 4, 32, 32), np.float32)},
        {"image": np.zeros((33, 4, 32, 32), np.float32)},
    ],
)
def test_inputs_that_do_not_fit_are_named(folder, inputs):
    session = session_of(folder, "encoder.onnx", CudaDouble())
    with pytest.raises(ShapeError, match=r"encoder\.onnx must be given .* a larger batch needs"):
        session.run(inputs)


def test_a_plan_of_another_device_is_refused_in_tensorrts_words(folder):
    trt = tensorrt_double(CudaDouble("8.7"))
    built = build_plan(trt, folder / "encoder.onnx", sides_of("encoder.onnx", 1))
    other = CudaDouble("11.0")
    with pytest.raises(EngineError, match="TensorRT said: the engine plan file is not compatible"):
        Session(built.plan, "encoder.plan", tensorrt_double(other), other)
