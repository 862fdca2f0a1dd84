"""Plans of an engine: built once, found again, built anew where they do not fit, never trusted.

TensorRT and CUDA are the labelled doubles of tests/tensorrt_double.py.
"""

import contextlib
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from edgegeo import plans
from edgegeo.backends import onnxruntime
from edgegeo.backends.cuda import read_board
from edgegeo.engine import open_engine
from edgegeo.errors import EngineError
from edgegeo.networks import open_networks
from edgegeo.plans import Toolkit, open_plans
from tests.cuda_double import CudaDouble
from tests.sample_engine import sample_engine
from tests.tensorrt_double import tensorrt_double
from tests.toolkit_double import built, tools


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return sample_engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgegeo"


@pytest.fixture
def engine(good, tmp_path):
    return open_engine(shutil.copytree(good, tmp_path / "field.edgegeo"))


def test_plans_are_built_beside_the_networks_and_found_again(engine, cache):
    assert "building encoder.plan with TensorRT 10.3.0 for double of an Orin" in built(engine)
    assert built(engine) == ""
    names = {path.name for path in engine.path.iterdir()}
    assert {"encoder.plan", "encoder.plan.json", "ranker.plan", "ranker.plan.json"} <= names
    facts = json.loads((engine.path / "ranker.plan.json").read_text())
    assert facts["profiles"]["candidate_tokens"] == [1, 48, 48]
    assert facts["board"] == {
        "tensorrt": "10.3.0",
        "compute_capability": "8.7",
        "device": "double of an Orin",
        "driver": "12.6",
        "l4t": None,
    }
    assert (cache / "timing-10.3.0-sm8.7").read_bytes() == b"timings of 10.3.0"


def test_an_engine_with_plans_still_opens_and_verifies(engine):
    built(engine)
    text = open_engine(engine.path, verify="all").describe()
    assert "plan         encoder.plan: TensorRT 10.3.0, double of an Orin" in text


@pytest.mark.parametrize("damage", ["flipped", "truncated", "no sidecar", "bad sidecar"])
def test_a_damaged_plan_is_noticed_and_built_again(engine, damage):
    built(engine)
    plan = engine.path / "ranker.plan"
    data = bytearray(plan.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
        plan.write_bytes(data)
    elif damage == "truncated":
        plan.write_bytes(data[:-1])
    elif damage == "no sidecar":
        (engine.path / "ranker.plan.json").unlink()
    else:
        (engine.path / "ranker.plan.json").write_text('{"board": 1}')
    with pytest.raises(EngineError, match=r"ranker\.plan"):
        open_engine(engine.path, verify="all")
    assert "ranker.plan" in open_engine(engine.path).describe()
    said = built(engine)
    assert "ranker.plan is left out" in said
    assert "building ranker.plan" in said
    assert "encoder" not in said
    assert built(engine) == ""


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"version": "10.16.1.11"}, "tensorrt 10.3.0, here is 10.16.1.11"),
        ({"capability": "11.0"}, "compute_capability 8.7, here is 11.0"),
    ],
)
def test_a_plan_of_another_tensorrt_or_gpu_is_built_again(engine, other, why):
    built(engine)
    said = built(engine, tools(**other))
    assert f"encoder.plan is left out: it was built for {why}" in said
    assert built(engine, tools(**other)) == ""


def test_a_plan_of_another_network_is_built_again(engine):
    built(engine)
    other = json.loads((engine.path / "encoder.plan.json").read_text())
    other["onnx_sha256"] = "0" * 64
    (engine.path / "encoder.plan.json").write_text(json.dumps(other))
    assert "encoder.plan is left out: it was built from another network" in built(engine)


def test_a_profile_smaller_than_the_batch_is_built_again(engine):
    built(engine, candidates=3)
    said = built(engine, candidates=12)
    assert "its query_tokens may have 1 to 12 rows, needed are 1 to 48" in said
    assert "building encoder" not in said
    assert built(engine, candidates=3) == ""  # a larger profile does


def test_a_plan_that_tensorrt_refuses_is_built_again(engine):
    built(engine)
    other = tools(capability="8.9")
    lying = Toolkit(other.trt, other.cudart, tools().board)
    assert "the engine plan file is not compatible" in built(engine, lying)


@pytest.mark.parametrize(
    ("precision", "right", "wrong", "network"),
    [
        (None, 8e-4, 2e-3, "encoder"),
        ("fp16", 4e-3, 8e-3, "encoder"),
        ("int8", 8e-4, 0.05, "ranker"),  # which is in float32
        ("int8", 8e-4, 0.2, "encoder"),
    ],
)
def test_wrong_outputs_throw_the_plan_away(tmp_path, precision, right, wrong, network):
    engine = open_engine(sample_engine(tmp_path, precision))
    said = f"plan of {network}.onnx is thrown away: .* gives another"
    with pytest.raises(EngineError, match=said):
        built(engine, tools(bias=wrong))
    assert not list(engine.path.glob(f"{network}.plan*"))
    assert f"built {engine.path}/{network}.plan" in built(engine, tools(bias=right))


def test_too_little_memory_says_what_to_do(engine):
    with pytest.raises(EngineError, match=r"OutOfMemory.*lower --workspace-mib"):
        built(engine, tools(memory_bytes=1 << 20), workspace_bytes=2 << 20)
    assert built(engine, tools(memory_bytes=1 << 20), workspace_bytes=1 << 20)


@contextlib.contextmanager
def somebody_without_rights(folder):
    """A folder that this process may read and not write, even where it runs as root."""
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in modes.items():
            path.chmod(mode)


def test_without_write_permission_plans_go_to_the_cache(good, monkeypatch):
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        Path(place).chmod(0o777)
        monkeypatch.setenv("XDG_CACHE_HOME", f"{place}/cache")
        engine = open_engine(shutil.copytree(good, Path(place) / "field.edgegeo"))
        with somebody_without_rights(engine.path):
            said = built(engine)
            assert f"may not be written (Permission denied): plans go to {place}/cache" in said
            assert built(engine) == ""
            assert plans.present(engine)
        assert not list(engine.path.glob("*.plan*"))
        assert len(list(Path(place, "cache").rglob("*.plan"))) == 2


def test_where_nothing_may_be_written_onnx_runtime_flies(good, monkeypatch):
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        monkeypatch.setenv("XDG_CACHE_HOME", f"{place}/cache")
        engine = open_engine(shutil.copytree(good, Path(place) / "field.edgegeo"))
        built(engine)
        monkeypatch.setattr(plans, "toolkit", lambda: tools("10.16.1.11"))
        takes_over = pytest.warns(
            RuntimeWarning, match=r"takes over: .*Permission denied: .*/cache"
        )
        with somebody_without_rights(engine.path), takes_over:
            loaded = open_networks(engine, threads=1)
        assert isinstance(loaded.encoder, onnxruntime.Session)


def test_a_plan_that_cannot_be_kept_flies_all_the_same(engine):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))  # a full disk
    try:
        with pytest.warns(RuntimeWarning, match=r"\.plan could not be kept: .*File too large"):
            flying = open_plans(engine, tools(), say=lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    image = np.zeros((1, 4, 32, 32), np.float32)
    assert flying.encoder.run({"image": image})["tokens"].shape == (1, 16, 8)
    assert not list(engine.path.glob("*.plan"))


def build_in_a_process(path, said):
    open_plans(open_engine(path), tools(), say=said.put)


def lines_of(said):
    lines = []
    while not said.empty():
        lines.append(said.get())
    return lines


def test_of_two_builders_one_builds(engine):
    context = multiprocessing.get_context("spawn")
    said = context.SimpleQueue()
    both = [context.Process(target=build_in_a_process, args=(engine.path, said)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    text = "\n".join(lines_of(said))
    assert text.count("building encoder.plan") == 1
    assert text.count("building ranker.plan") == 1


def test_the_second_builder_waits_and_takes_what_the_first_has_built(engine):
    context = multiprocessing.get_context("spawn")
    said = context.SimpleQueue()
    with plans._locked_place(engine, print):
        process = context.Process(target=build_in_a_process, args=(engine.path, said))
        process.start()
        assert said.get() == "another process builds these plans: waiting for it"
        work = plans._Work(engine, tools(), 12, 0, lambda _: None)
        for model in ("encoder.onnx", "ranker.onnx"):
            work.build(model, engine.path)
    process.join(60)
    assert process.exitcode == 0
    assert lines_of(said) == []


def test_a_missing_driver_is_named():
    cudart = CudaDouble(driver=False)
    with pytest.raises(
        EngineError, match=r"no NVIDIA GPU can be used: cudaErrorInsufficientDriver"
    ):
        read_board(tensorrt_double(cudart), cudart)
