"""Folding SmoothQuant's scales: the same function, evener activations, and who decides."""

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")
from onnx import numpy_helper

from edgegeo.backends.onnxruntime import Session
from edgegeo.export.int8 import FLOAT_PARTS, STRENGTHS, fit_int8
from edgegeo.export.smooth import links, peaks, smoothed
from edgegeo.model_folder import ENCODER, SHIPPED
from edgegeo.reference import reference_images

PICTURES = reference_images(128)
OUTLIER = "stride8.3.narrow.0"  # its output is read by the int8 convolution behind it


def run(model, path):
    onnx.save(model, path)
    return Session(path, threads=1).run({"image": PICTURES})


@pytest.fixture(scope="module")
def encoder():
    return onnx.load(SHIPPED / ENCODER)


@pytest.fixture(scope="module")
def uneven(encoder):
    """The same function with one channel 200 times as large between two convolutions."""
    model = onnx.ModelProto()
    model.CopyFrom(encoder)
    link = next(link for link in links(model) if link.before[0].startswith(OUTLIER))
    seen = peaks(model, PICTURES)[link.relu]
    channel = int(seen.argmax())
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, factor in ((link.before[0], 200), (link.before[1], 200), (link.after, 1 / 200)):
        values = numpy_helper.to_array(tensors[name]).copy()
        (values[:, channel] if name == link.after else values[channel : channel + 1])[...] *= factor
        tensors[name].CopyFrom(numpy_helper.from_array(values, name))
    return model


def test_scales_fold_where_a_relu_stands_alone_between_two_convolutions(encoder):
    """Narrow, look and widen of 8 bottlenecks, and the stem; never across a residual."""
    found = links(encoder)
    assert len(found) == 2 * 8 + 1
    after = [link.after.split(".")[2] for link in found[1:]]
    assert after == ["look", "widen"] * 8


@pytest.mark.parametrize("strength", STRENGTHS)
def test_folding_leaves_the_function(encoder, tmp_path, strength):
    expected = Session(SHIPPED / ENCODER, threads=1).run({"image": PICTURES})
    found = run(smoothed(encoder, peaks(encoder, PICTURES), strength), tmp_path / "smooth.onnx")
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-5, err_msg=name)


def test_at_half_activations_and_weights_come_to_the_same_size(encoder):
    model = smoothed(encoder, peaks(encoder, PICTURES), 0.5)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for link in links(model):
        seen = peaks(model, PICTURES)[link.relu]
        weights = np.abs(tensors[link.after]).max(axis=(0, 2, 3))
        alive = seen > 0
        np.testing.assert_allclose(seen[alive], weights[alive], rtol=1e-3)


def test_strength_0_changes_no_bit(encoder):
    model = smoothed(encoder, peaks(encoder, PICTURES), 0.0)
    assert model.SerializeToString() == encoder.SerializeToString()


def test_the_pictures_decide(uneven, tmp_path):
    onnx.save(uneven, tmp_path / "uneven.onnx")
    report = fit_int8(tmp_path / "uneven.onnx", tmp_path / "int8.onnx", PICTURES, (0.0, 0.5))
    errors = report["embedding_error"]
    assert report["smoothing"] == 0.5
    assert errors["0.5"] < 0.5 * errors["0.0"]
    report = fit_int8(tmp_path / "uneven.onnx", tmp_path / "plain.onnx", PICTURES, (0.0,))
    assert (report["smoothing"], report["embedding_error"]["0.0"]) == (0.0, errors["0.0"])
    assert {path.name for path in tmp_path.iterdir()} == {"uneven.onnx", "int8.onnx", "plain.onnx"}
    expected = Session(SHIPPED / ENCODER, threads=1).run({"image": PICTURES})["embedding"]
    for name, error in (("int8.onnx", errors["0.5"]), ("plain.onnx", errors["0.0"])):
        found = Session(tmp_path / name, threads=1).run({"image": PICTURES})["embedding"]
        assert np.abs(found - expected).mean() == pytest.approx(error, rel=0.05)


def test_the_report_says_which_layers_are_in_int8(tmp_path):
    report = fit_int8(SHIPPED / ENCODER, tmp_path / "int8.onnx", PICTURES, (0.0,))
    graph = onnx.load(tmp_path / "int8.onnx").graph
    weights = {
        node.input[0].removesuffix("_quantized").removesuffix(".weight")
        for node in graph.node
        if node.op_type == "DequantizeLinear" and node.input[0].endswith("weight_quantized")
    }
    assert set(report["int8_layers"]) == weights
    assert len(weights) == 21
    assert {name.split(".")[0] for name in report["float32_layers"]} == FLOAT_PARTS.keys()
    assert all(report["float32_layers"].values())
