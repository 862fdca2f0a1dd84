"""The ONNX Runtime backend: named outputs, clear errors, several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest

from edgegeo.backends.onnxruntime import Session
from edgegeo.errors import EngineError, ShapeError
from tests.tiny_model import write_model


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return Session(write_model(tmp_path_factory.mktemp("model")) / "encoder.onnx", threads=1)


def test_outputs_come_by_name(encoder):
    image = np.random.default_rng(0).standard_normal((3, 4, 32, 32), np.float32)
    out = encoder.run({"image": image})
    assert {name: array.shape for name, array in out.items()} == {
        "embedding": (3, 16),
        "tokens": (3, 16, 8),
        "moved": (3, 3, 16),
        "moves": (3, 3),
    }
    np.testing.assert_allclose(np.linalg.norm(out["embedding"], axis=1), 1, atol=1e-5)
    assert encoder.input_shapes == {"image": ("b", 4, 32, 32)}


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"picture": np.zeros((1, 4, 32, 32), np.float32)},
        {"image": np.zeros((1, 4, 31, 32), np.float32)},
        {"image": np.zeros((1, 4, 32, 32))},
    ],
)
def test_inputs_that_do_not_fit_are_named(encoder, inputs):
    with pytest.raises(ShapeError, match=r"encoder\.onnx must be given"):
        encoder.run(inputs)


def test_threads_share_one_session(encoder):
    images = np.random.default_rng(1).standard_normal((8, 1, 4, 32, 32), np.float32)
    alone = [encoder.run({"image": image})["embedding"] for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: encoder.run({"image": image})["embedding"], images))
    np.testing.assert_array_equal(together, alone)


def test_idle_threads_do_not_spin(encoder):
    """They would take cores from the other network, and from the flight stack."""
    options = encoder._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("content", [None, b"", b"not a network"])
def test_a_file_that_is_no_network_is_an_engine_error(tmp_path, content):
    path = tmp_path / "encoder.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EngineError, match="cannot be loaded"):
        Session(path)


def test_an_operator_that_is_not_known_is_named(tmp_path):
    path = write_model(tmp_path) / "encoder.onnx"
    model = onnx.load(path)
    model.graph.node[0].op_type = "ConvOfTomorrow"
    onnx.save(model, path)
    with pytest.raises(EngineError, match="ConvOfTomorrow"):
        Session(path)
