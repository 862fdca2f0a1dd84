"""Which backend runs the networks of an engine."""

import warnings
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from edgegeo import plans
from edgegeo.backends import Runner
from edgegeo.backends.onnxruntime import Session
from edgegeo.correlation import Judge
from edgegeo.cpus import usable_cpus
from edgegeo.engine import Engine
from edgegeo.errors import EngineError, MissingExtraError, RangeError

Backend = Literal["auto", "onnxruntime", "tensorrt"]


class Networks(NamedTuple):
    encoder: Runner
    ranker: Runner | Judge  # a judge of what the CPU correlates, or the whole ranker
    threads: int  # CPU threads that may be used beside them


def open_networks(
    engine: Engine, backend: Backend = "auto", *, threads: int = 0, candidates: int = 12
) -> Networks:
    """Load the encoder and the ranker.

    On the CPU the kernels do most of the ranker's work, where the engine has the relation that
    ends it: several times faster than ONNX Runtime does the whole of it.

    Args:
        backend: "auto" takes TensorRT where the engine has plans (`edgegeo engine build`),
            building them again where they do not fit this board, and ONNX Runtime where it
            has none or TensorRT fails, with a warning. "tensorrt" builds plans where there are
            none and raises where that fails.
        threads: CPU threads; 0 takes what cpus.usable_cpus says.
        candidates: positions that are ranked at once.
    """
    if backend not in get_args(Backend):
        raise RangeError.of("backend", "'auto', 'onnxruntime' or 'tensorrt'", repr(backend))
    if backend == "tensorrt" or (backend == "auto" and plans.present(engine)):
        try:
            loaded = plans.open_plans(engine, plans.toolkit(), candidates=candidates)
        except (EngineError, MissingExtraError, OSError) as error:
            if backend == "tensorrt":
                raise
            warnings.warn(
                f"TensorRT cannot fly {engine.path}, ONNX Runtime takes over: {error}",
                RuntimeWarning,
                stacklevel=3,
            )
        else:
            return Networks(*loaded, threads or usable_cpus())
    encoder = Session(engine.encoder_path, threads)
    if engine.relation_path is None:
        return Networks(encoder, Session(engine.ranker_path, threads), encoder.threads)
    return Networks(encoder, open_judge(engine.relation_path), encoder.threads)


def open_judge(path: Path) -> Judge:
    """Load relation.onnx; raises EngineError where it does not say its power."""
    network = Session(path, threads=1)  # a moment's work: threads would take longer to wake
    try:
        power = float(network.metadata["power"])
    except (KeyError, ValueError):
        raise EngineError(
            f"{path} must say `power` in its metadata, a number, got {network.metadata}: "
            "export the model again"
        ) from None
    return Judge(network, power)
