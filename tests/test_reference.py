"""The parity check: fixed patterns, and networks that must keep their contract."""

import numpy as np
import onnx
import pytest

from edgegeo.errors import EngineError
from edgegeo.reference import reference_images, run_reference
from tests.tiny_model import write_model


def test_the_patterns_never_change():
    images = reference_images(16)
    assert images.shape == (4, 4, 16, 16)
    assert images.dtype == np.float32
    colours = np.rint((images[0, :3, 2, 5] * 0.25 + 0.5) * 255).tolist()
    assert colours == [(15 ^ 2 * k) + 5 * 2 // 7 for k in (5, 6, 7)]
    assert images[3, :, 0, 0].tolist() == [0, 0, 0, 0]


def test_both_networks_run(tmp_path):
    arrays = run_reference(write_model(tmp_path), 32, 4)
    assert arrays["encoder.out.tokens"].shape == (4, 16, 8)
    assert arrays["encoder.out.moved"].shape == (4, 3, 16)
    assert arrays["ranker.in.move"].shape == (4,)
    assert arrays["ranker.out.offset"].shape == (4, 2)
    assert arrays["ranker.out.turn"].shape == arrays["ranker.out.scale"].shape == (4,)
    relevance = arrays["ranker.out.relevance"]
    assert relevance.argmax() == 0  # the query itself is among the candidates


@pytest.mark.parametrize(
    ("px", "grid", "message"), [(32, 8, "must give tokens as"), (64, 4, "do not fit")]
)
def test_a_network_of_another_size_is_refused(tmp_path, px, grid, message):
    with pytest.raises(EngineError, match=message):
        run_reference(write_model(tmp_path), px, grid)


def test_a_network_without_an_output_is_refused(tmp_path):
    folder = write_model(tmp_path)
    (folder / "encoder.onnx").write_bytes((folder / "ranker.onnx").read_bytes())
    with pytest.raises(EngineError, match="do not fit"):
        run_reference(folder, 32, 4)


def test_an_encoder_may_know_no_moves(tmp_path):
    arrays = run_reference(write_model(tmp_path, moved=False), 32, 4)
    assert not {"encoder.out.moved", "encoder.out.moves"} & arrays.keys()


def drop_from(path, name):
    """Take an input or an output from a network's contract."""
    model = onnx.load(path)
    for ends in (model.graph.input, model.graph.output):
        for end in [end for end in ends if end.name == name]:
            ends.remove(end)
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("network", "name", "message"),
    [
        ("encoder.onnx", "tokens", "must have an output tokens"),
        ("encoder.onnx", "moves", "must have an output moves"),
        ("ranker.onnx", "turn", "must have an output turn"),
        ("ranker.onnx", "scale", "must have an output scale"),
    ],
)
def test_a_network_that_leaves_an_output_out_is_refused(tmp_path, network, name, message):
    drop_from(write_model(tmp_path) / network, name)
    with pytest.raises(EngineError, match=message):
        run_reference(tmp_path, 32, 4)


def test_a_ranker_that_is_not_told_the_move_is_refused(tmp_path):
    path = write_model(tmp_path) / "ranker.onnx"
    model = onnx.load(path)
    for node in model.graph.node:
        if "move" in node.input:
            node.input[0] = "copy"
    onnx.save(model, path)
    drop_from(path, "move")
    with pytest.raises(EngineError, match="do not fit"):
        run_reference(tmp_path, 32, 4)


def test_moved_embeddings_of_other_length_than_one_are_refused(tmp_path):
    path = write_model(tmp_path) / "encoder.onnx"
    model = onnx.load(path)
    for node in model.graph.node:
        if node.output[0] == "moved":
            node.op_type = "Identity"
            del node.attribute[:]
    onnx.save(model, path)
    with pytest.raises(EngineError, match="must give unit embeddings"):
        run_reference(tmp_path, 32, 4)
