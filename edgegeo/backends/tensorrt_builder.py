"""An ONNX file to a TensorRT plan: one code path from TensorRT 10.3 to 11.4.

The network is strongly typed: precision lives in the ONNX file alone. `trt` is `tensorrt`, or
`tensorrt_rtx_bindings`, whose parser and builder also run on a machine without a GPU.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgegeo.backends.tensorrt_log import recorder
from edgegeo.errors import EngineError

Sides = Mapping[str, tuple[int, int, int]]  # input -> least, usual and most of its first axis

MOST_WORKSPACE = 512 << 20
SHARE_OF_MEMORY = 8  # GPU and CPU share the 4 to 8 GB of a small board
MEMORY = Path("/proc/meminfo")


class Built(NamedTuple):
    plan: bytes
    timing_cache: bytes  # makes the next build of the same networks quick


def build_plan(
    trt: Any, onnx: Path, sides: Sides, *, workspace_bytes: int = 0, timing_cache: bytes = b""
) -> Built:
    """Build a plan for this machine's GPU; takes seconds to minutes.

    Args:
        onnx: the network. Its inputs may be free in the first axis only.
        sides: of each input that is free there; one of no input of this network is an error.
        workspace_bytes: scratch memory that a layer may use; 0 takes an eighth of the memory
            that is free, at most 512 MiB.
        timing_cache: of an earlier build on the same TensorRT and GPU, or nothing.

    Raises EngineError with TensorRT's own words.
    """
    logger = recorder(trt)
    logger.clear()
    try:
        builder = trt.Builder(logger)
        network = builder.create_network(
            1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)  # 1 in 10.3, 0 in 11.4
        )
        parser = trt.OnnxParser(network, logger)
        if not parser.parse(onnx.read_bytes()):
            errors = (parser.get_error(i) for i in range(parser.num_errors))
            said = "; ".join(f"{e.node_operator()} {e.node_name()}: {e.desc()}" for e in errors)
            raise EngineError(f"TensorRT {trt.__version__} cannot read {onnx}: {said}")
        config = builder.create_builder_config()
        config.set_memory_pool_limit(
            trt.MemoryPoolType.WORKSPACE, workspace_bytes or workspace_for(_free_bytes())
        )
        config.clear_flag(trt.BuilderFlag.TF32)  # float32 means float32; for speed use float16
        config.add_optimization_profile(_profile(builder, network, sides, onnx))
        cache = _timing_cache(config, timing_cache)
        plan = builder.build_serialized_network(network, config)
    except (TypeError, RuntimeError, MemoryError) as error:  # TypeError: a factory gave null
        raise EngineError(
            f"TensorRT {trt.__version__} failed on {onnx}: {error}; {logger.said()}"
        ) from error
    if plan is None:
        raise EngineError(
            f"TensorRT {trt.__version__} cannot build {onnx}: {logger.said()}. If memory is "
            "short: close other programs, log out of the desktop, or lower --workspace-mib"
        )
    return Built(bytes(plan), b"" if cache is None else bytes(cache.serialize()))


def workspace_for(free_bytes: int) -> int:
    """Return the workspace that leaves room for the builder itself.

    >>> workspace_for(2 << 30) >> 20
    256
    """
    return min(MOST_WORKSPACE, free_bytes // SHARE_OF_MEMORY)


def _timing_cache(config: Any, data: bytes) -> Any | None:
    """Return the cache now in use: an empty one where `data` is of another device or version."""
    for start in (data, b""):
        cache = config.create_timing_cache(start)
        if cache is not None and config.set_timing_cache(cache, False):
            return cache
    return None


def _profile(builder: Any, network: Any, sides: Sides, onnx: Path) -> Any:
    inputs = [network.get_input(i) for i in range(network.num_inputs)]
    free = {tensor.name for tensor in inputs if -1 in tuple(tensor.shape)}
    if free != set(sides):
        raise EngineError(
            f"{onnx} must be free in the batch of {sorted(sides)}, it is in that of {sorted(free)}"
        )
    profile = builder.create_optimization_profile()
    for tensor in inputs:
        if tensor.name in free:
            rest = tuple(tensor.shape)[1:]
            if -1 in rest:
                raise EngineError(f"{onnx}: {tensor.name} is free in more than its first axis")
            profile.set_shape(tensor.name, *((side, *rest) for side in sides[tensor.name]))
    return profile


def _free_bytes() -> int:
    """Memory that can be had without swapping; a Jetson's GPU takes its own from the same."""
    for line in MEMORY.read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return MOST_WORKSPACE * SHARE_OF_MEMORY
