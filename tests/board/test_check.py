"""`engine check`: what it says of a good engine, and that it finds a bad one."""

import json

import numpy as np
import onnx
import pytest

from edgegeo import plans
from edgegeo.backends.cuda import read_board
from edgegeo.board.check import check
from edgegeo.building.build import build
from edgegeo.engine import open_engine
from edgegeo.errors import EngineError, MissingExtraError
from edgegeo.manifest import _digest, sha256_of
from tests.cuda_double import CudaDouble
from tests.sample_engine import TILE_M, sample_map
from tests.tensorrt_double import tensorrt_double
from tests.tiny_model import write_model

PARITY = {
    "precision": "fp16",
    "differences": {"embedding": {"max": 0.00017, "mean": 0.00003}},
    "recall_at_1": {"reranked": 0.91, "reranked_fp32": 0.913, "frames": 276},
}


@pytest.fixture
def engine(tmp_path):
    model = write_model(tmp_path / "model")
    (model / "parity.json").write_text(json.dumps(PARITY))
    out = tmp_path / "field.edgegeo"
    build([sample_map()], out, tile_m=TILE_M, model=model, progress=False)
    return out


def rewrite(engine, name, **versions):
    """Let the manifest take a file as it now is, and other versions."""
    path = engine / "manifest.json"
    body = json.loads(path.read_text())
    body.pop("digest")
    file = engine / name
    body["files"][name] = {"sha256": sha256_of(file), "bytes": file.stat().st_size}
    body["versions"] |= versions
    path.write_text(json.dumps(body | {"digest": _digest(body)}))


def test_a_good_engine(engine):
    found = check(engine)
    assert found.difference == 0
    assert found.tiles == 49
    assert (found.changed, found.plans) == ({}, {})
    text = str(found)
    assert "fp16, largest errors: embedding 0.00017" in text
    assert "Recall@1     0.910, in float32 0.913, 276 frames" in text
    assert "none: ONNX Runtime flies" in text


def test_an_engine_of_a_model_without_a_report(engine):
    (engine / "parity.json").unlink()
    path = engine / "manifest.json"
    body = json.loads(path.read_text())
    body.pop("digest")
    del body["files"]["parity.json"]
    path.write_text(json.dumps(body | {"digest": _digest(body)}))
    assert "no parity was recorded" in str(check(engine))


def test_another_version_is_named(engine):
    rewrite(engine, "encoder.onnx", onnxruntime="1.2.3")
    assert check(engine).changed.keys() == {"onnxruntime"}
    assert ", built with 1.2.3" in str(check(engine))


def test_a_network_that_answers_otherwise_is_found(engine):
    path = engine / "ranker.onnx"
    model = onnx.load(path)
    for weight in model.graph.initializer:
        if weight.name == "shift":
            other = onnx.numpy_helper.to_array(weight) + np.float32(0.1)
            weight.CopyFrom(onnx.numpy_helper.from_array(other, "shift"))
    onnx.save(model, path)
    rewrite(engine, "ranker.onnx")
    with pytest.raises(EngineError, match=r"ranker\.onnx gives another offset here"):
        check(engine)


def test_an_operator_that_is_not_known_here_is_named(engine):
    path = engine / "encoder.onnx"
    model = onnx.load(path)
    model.graph.node[0].op_type = "ConvOfTomorrow"
    onnx.save(model, path)
    rewrite(engine, "encoder.onnx")
    with pytest.raises(EngineError, match="ConvOfTomorrow"):
        check(engine)


def test_a_changed_gallery_is_found(engine):
    tokens = engine / "gallery" / "tokens.npy"
    data = bytearray(tokens.read_bytes())
    data[-1] ^= 1
    tokens.write_bytes(data)
    with pytest.raises(EngineError, match=r"tokens\.npy was changed"):
        check(engine)


@pytest.fixture
def jetson(monkeypatch, tmp_path):
    """Doubles of TensorRT and CUDA: nothing here runs on a GPU."""
    cudart = CudaDouble()
    trt = tensorrt_double(cudart)
    tools = plans.Toolkit(trt, cudart, read_board(trt, cudart))
    monkeypatch.setattr(plans, "toolkit", lambda: tools)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tools


def test_plans_that_fit_and_plans_that_would_be_rebuilt_are_told_apart(engine, jetson):
    plans.open_plans(open_engine(engine), jetson)
    assert set(check(engine).plans.values()) == {"fits this board"}
    plan = engine / "ranker.plan"
    plan.write_bytes(plan.read_bytes()[:-1])
    verdicts = check(engine).plans
    assert verdicts[str(engine / "encoder.plan")] == "fits this board"
    assert verdicts[str(plan)].startswith("would be rebuilt: ")
    assert f"{plan}: would be rebuilt: " in str(check(engine))


def test_plans_on_a_machine_without_tensorrt_are_not_used(engine, monkeypatch):
    def missing():
        raise MissingExtraError("TensorRT is not installed")

    monkeypatch.setattr(plans, "toolkit", missing)
    (engine / "encoder.plan").touch()
    verdicts = check(engine).plans
    assert verdicts == {str(engine / "encoder.plan"): "not used: TensorRT is not installed"}
