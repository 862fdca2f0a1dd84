"""Every TensorRT and CUDA name in our code exists from TensorRT 10.3 to 11.4."""

import ast
from pathlib import Path

import pytest

from tests.cuda_double import CudaDouble
from tests.tensorrt_double import tensorrt_double

HERE = Path(__file__).parent
BACKENDS = HERE.parents[1] / "edgegeo" / "backends"
VERSIONS = ["10.3.0", "10.16.1.11", "11.4.0.106"]
OWNERS = {  # what a variable of this name holds, all over the backend
    "builder": "Builder",
    "network": "INetworkDefinition",
    "parser": "OnnxParser",
    "config": "IBuilderConfig",
    "cache": "ITimingCache",
    "profile": "IOptimizationProfile",
    "tensor": "ITensor",
    "e": "ParserError",
    "_runtime": "Runtime",
    "engine": "ICudaEngine",
    "_engine": "ICudaEngine",
    "context": "IExecutionContext",
    "_asking": "IExecutionContext",
}


def recorded(version):
    return set((HERE / f"{version}.txt").read_text().split())


def dotted(node):
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def used(source):
    """Names of TensorRT in a source: trt.A.B as A.B, and OWNER.name of the variables above."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Attribute):
            continue
        *before, owner, name = dotted(node).split(".")
        root, *path = dotted(node).removeprefix("self.").split(".")
        if root in ("trt", "_trt") and path:
            found.add(".".join(path))
        elif owner in OWNERS and before in ([], ["self"]):
            found.add(f"{OWNERS[owner]}.{name}")
    return found


def ours():
    return set().union(*(used(path.read_text()) for path in BACKENDS.glob("tensorrt*.py")))


def test_the_search_finds_names():
    assert used("x = self._trt.A.B\nconfig.get(1)\nself._engine.size") == {
        *("A", "A.B"),
        *("IBuilderConfig.get", "ICudaEngine.size"),
    }
    assert {
        "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
        "Builder.build_serialized_network",
        "ICudaEngine.device_memory_size_v2",
        "IExecutionContext.execute_async_v3",
    } <= ours()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_name_we_use_exists(version):
    lacking = {name.removesuffix(".__init__") for name in ours()} - recorded(version)
    assert not lacking


@pytest.mark.parametrize("version", VERSIONS)
def test_the_double_has_no_name_of_its_own(version):
    """So a name that TensorRT lacks is an AttributeError in every test over the double."""
    double = vars(tensorrt_double(CudaDouble(), version))
    own = {
        *("logger", "network", "parsed", "inputs", "why", "data", "profiles", "workspace"),
        *("shapes", "profile", "nodes", "engine", "addresses", "scratch", "compute"),
    }
    for name, kind in double["doubles"].items():
        public = {name for name in vars(kind) if not name.startswith("_")} - own
        assert {f"{name}.{each}" for each in public} <= recorded(version)
    assert double.keys() - {"doubles"} <= recorded(version)


@pytest.mark.parametrize(
    "gone", ["BuilderFlag.FP16", "NetworkDefinitionCreationFlag.EXPLICIT_BATCH"]
)
def test_the_lists_are_those_of_their_versions(gone):
    assert gone in recorded("10.3.0")
    assert gone not in recorded("11.4.0.106")


def test_every_cuda_call_exists():
    cudart = pytest.importorskip("cuda.bindings.runtime")
    tree = ast.parse((BACKENDS / "cuda.py").read_text())
    names = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    chains = {name.partition("cudart.")[2] for name in names if "cudart." in name}
    assert {"cudaGraphLaunch", "cudaMallocHost", "cudaMemcpyAsync"} <= chains
    for chain in chains:
        value = cudart
        for part in chain.split("."):
            value = getattr(value, part)
    double = {name for name in vars(CudaDouble) if name.startswith("cuda")}
    assert {name.partition(".")[0] for name in chains} <= double
