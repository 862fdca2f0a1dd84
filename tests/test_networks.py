"""Which backend flies: plans where they can be made to fit, ONNX Runtime wherever they cannot.

TensorRT and CUDA are the labelled doubles of tests/tensorrt_double.py.
"""

import shutil

import numpy as np
import pytest

from edgegeo import networks, plans
from edgegeo.backends import onnxruntime, tensorrt
from edgegeo.engine import open_engine
from edgegeo.errors import MissingExtraError, RangeError
from edgegeo.localizer import Localizer
from tests.sample_engine import GSD_M, block_picture, sample_engine
from tests.toolkit_double import built, tools


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return sample_engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def engine(good, tmp_path):
    return open_engine(shutil.copytree(good, tmp_path / "field.edgegeo"))


@pytest.fixture
def no_gpu_here(monkeypatch):
    def missing():
        raise MissingExtraError("no TensorRT")

    monkeypatch.setattr(plans, "toolkit", missing)


def frame():
    return block_picture(0)[60:160, 60:160]


@pytest.mark.parametrize("known", [{"heading_deg": 0.0, "gsd_m": GSD_M}, {}])
def test_localizer_flies_the_plans_with_the_same_answer(engine, monkeypatch, known):
    """With nothing known there are 160 crops, encoded 32 at once."""
    built(engine)
    monkeypatch.setattr(plans, "toolkit", tools)
    fixes = {}
    for backend, kind in (("auto", tensorrt), ("onnxruntime", onnxruntime)):
        localizer = Localizer(engine.path, backend=backend, threads=1)
        assert isinstance(localizer._encoder, kind.Session)
        fixes[backend] = localizer.locate(frame(), **known)
    ours, theirs = fixes.values()
    np.testing.assert_allclose(
        [ours.lat_deg, ours.lon_deg, ours.probability, *ours.cov_m2],
        [theirs.lat_deg, theirs.lon_deg, theirs.probability, *theirs.cov_m2],
        rtol=1e-6,
    )


@pytest.mark.usefixtures("no_gpu_here")
def test_without_plans_onnx_runtime_flies_and_nothing_is_said(engine):
    loaded = networks.open_networks(engine, threads=1)
    assert isinstance(loaded.encoder, onnxruntime.Session)


@pytest.mark.usefixtures("no_gpu_here")
def test_plans_that_cannot_fly_are_a_warning_and_onnx_runtime_takes_over(engine):
    built(engine)
    with pytest.warns(RuntimeWarning, match="ONNX Runtime takes over: no TensorRT"):
        localizer = Localizer(engine.path, threads=1)
    assert localizer.locate(frame(), gsd_m=GSD_M, heading_deg=0.0).timings_ms.total > 0


def test_a_rebuild_that_fails_is_a_warning_too(engine, monkeypatch):
    built(engine)
    monkeypatch.setattr(plans, "toolkit", lambda: tools("10.16.1.11", bias=1.0))
    with pytest.warns(RuntimeWarning, match="thrown away"):
        loaded = networks.open_networks(engine, threads=1)
    assert isinstance(loaded.ranker, onnxruntime.Session)


def test_too_little_memory_for_a_plan_is_a_warning_too(engine, monkeypatch):
    built(engine)
    monkeypatch.setattr(plans, "toolkit", lambda: tools(gpu_bytes=100_000))
    with pytest.warns(RuntimeWarning, match="takes over: cudaErrorMemoryAllocation"):
        localizer = Localizer(engine.path, threads=1)
    assert localizer.locate(frame(), gsd_m=GSD_M, heading_deg=0.0).timings_ms.total > 0


def test_a_network_that_tensorrt_cannot_parse_is_a_warning_too(engine, monkeypatch):
    built(engine)
    monkeypatch.setattr(plans, "toolkit", lambda: tools("10.16.1.11", parses=False))
    with pytest.warns(RuntimeWarning, match=r"cannot read .*encoder\.onnx: Conv .*unsupported"):
        loaded = networks.open_networks(engine, threads=1)
    assert isinstance(loaded.encoder, onnxruntime.Session)


@pytest.mark.usefixtures("no_gpu_here")
def test_tensorrt_by_name_raises(engine):
    with pytest.raises(MissingExtraError):
        networks.open_networks(engine, "tensorrt")


def test_tensorrt_by_name_builds(engine, monkeypatch):
    monkeypatch.setattr(plans, "toolkit", tools)
    assert isinstance(networks.open_networks(engine, "tensorrt").encoder, tensorrt.Session)
    assert plans.present(engine)


def test_backends_have_three_names(engine):
    with pytest.raises(RangeError, match="backend must be 'auto'"):
        networks.open_networks(engine, "cuda")
