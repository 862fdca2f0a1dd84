"""Bound outputs: whose they are, when their memory is used again, and that nothing is allocated."""

import gc
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgegeo.backends.bound import SHAPES
from edgegeo.backends.onnxruntime import Session
from edgegeo.errors import ShapeError
from tests.tiny_model import write_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"), px=128, grid=16, c=32)


@pytest.fixture
def encoder(folder):
    return Session(folder / "encoder.onnx", threads=1)


def images(count, batch=4, seed=0):
    return np.random.default_rng(seed).standard_normal((count, batch, 4, 128, 128), np.float32)


def as_unbound(session, inputs):
    names = list(session.output_shapes)
    return dict(zip(names, session._session.run(names, inputs), strict=True))


def test_the_same_shapes_again_allocate_nothing(encoder):
    one, other = images(2)
    first = encoder.run({"image": one})
    size = first["tokens"].nbytes
    at = {name: array.ctypes.data for name, array in first.items()}
    del first
    tracemalloc.start()
    try:
        for image in (one, other) * 10:
            outputs = encoder.run({"image": image})
            assert {name: array.ctypes.data for name, array in outputs.items()} == at
            del outputs
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 100_000
    assert peak < size / 4


def test_an_output_that_is_held_is_not_written_over(encoder):
    kept = [encoder.run({"image": image}) for image in images(4)]
    for image, outputs in zip(images(4), kept, strict=True):
        for name, expected in as_unbound(encoder, {"image": image}).items():
            np.testing.assert_array_equal(outputs[name], expected)


def test_a_view_of_a_view_holds_it_too(encoder):
    first, *others = images(4)
    view = encoder.run({"image": first})["tokens"][2:][0].reshape(-1)[::7]
    expected = view.copy()
    for image in others:
        encoder.run({"image": image})
    np.testing.assert_array_equal(view, expected)


def test_what_is_let_go_is_used_again_and_only_that(encoder):
    image, other = images(2)
    outputs = encoder.run({"image": image})
    at = {name: array.ctypes.data for name, array in outputs.items()}
    held = outputs["embedding"]
    del outputs
    again = encoder.run({"image": other})
    assert again["tokens"].ctypes.data == at["tokens"]
    assert again["embedding"].ctypes.data != held.ctypes.data == at["embedding"]


def test_threads_keep_what_they_were_given(encoder):
    given = images(24, batch=2)
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda image: encoder.run({"image": image}), given))
    for image, outputs in zip(given, together, strict=True):
        for name, expected in as_unbound(encoder, {"image": image}).items():
            np.testing.assert_array_equal(outputs[name], expected)


def test_inputs_are_let_go(encoder):
    image = images(1)[0]
    alive = weakref.ref(image)
    outputs = encoder.run({"image": image})
    del image
    gc.collect()
    assert alive() is None
    assert outputs["tokens"].any()


def test_inputs_need_not_be_contiguous(encoder):
    image = images(1, batch=6)[0]
    expected = encoder.run({"image": image[::2].copy()})["tokens"]
    np.testing.assert_array_equal(encoder.run({"image": image[::2]})["tokens"], expected)
    turned = np.asfortranarray(image[::2])
    np.testing.assert_array_equal(encoder.run({"image": turned})["tokens"], expected)


def test_a_refused_run_leaves_the_next_one_right(encoder):
    image = images(1)[0]
    expected = encoder.run({"image": image})["tokens"].copy()
    with pytest.raises(ShapeError):
        encoder.run({"image": image.astype(np.float64)})
    np.testing.assert_array_equal(encoder.run({"image": image})["tokens"], expected)


def test_sides_that_contradict_are_refused(folder):
    """Every `k` of the ranker is one number; outputs are as long as it says."""
    ranker = Session(folder / "ranker.onnx", threads=1)
    tokens = np.zeros((3, 256, 32), np.float32)
    inputs = {"query_tokens": tokens, "copy": np.zeros(3, np.int64), "candidate_tokens": tokens}
    assert ranker.run(inputs | {"move": np.zeros(3, np.int64)})["offset"].shape == (3, 2)
    with pytest.raises(ShapeError, match=r"ranker\.onnx must be given"):
        ranker.run(inputs | {"move": np.zeros(5, np.int64)})


def test_memory_is_kept_for_few_shapes(folder):
    ranker = Session(folder / "ranker.onnx", threads=1)
    tokens = np.ones((1, 256, 32), np.float32)
    for k in range(1, 2 * SHAPES):
        numbers = np.zeros(k, np.int64)
        inputs = {"query_tokens": tokens, "copy": numbers, "move": numbers}
        ranker.run(inputs | {"candidate_tokens": np.repeat(tokens, k, axis=0)})
    assert ranker._bound._idle.cache_info().currsize == SHAPES


def test_a_network_whose_outputs_cannot_be_foreseen_runs_unbound(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("NonZero", ["image"], ["where"])],
        "where",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["b", 4])],
        [helper.make_tensor_value_info("where", TensorProto.INT64, [2, "found"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "where.onnx")
    session = Session(tmp_path / "where.onnx", threads=1)
    for image in (np.eye(4, dtype=np.float32), np.ones((2, 4), np.float32)):
        np.testing.assert_array_equal(session.run({"image": image})["where"], np.nonzero(image))
