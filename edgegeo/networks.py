"""Which backend runs the two networks of an engine."""

import warnings
from typing import Literal, NamedTuple, get_args

from edgegeo import plans
from edgegeo.backends import Runner
from edgegeo.backends.onnxruntime import Session
from edgegeo.cpus import usable_cpus
from edgegeo.engine import Engine
from edgegeo.errors import EngineError, MissingExtraError, RangeError

Backend = Literal["auto", "onnxruntime", "tensorrt"]


class Networks(NamedTuple):
    encoder: Runner
    ranker: Runner
    threads: int  # CPU threads that may be used beside them


def open_networks(
    engine: Engine, backend: Backend = "auto", *, threads: int = 0, candidates: int = 12
) -> Networks:
    """Load both networks.

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
    encoder, ranker = Session(engine.encoder_path, threads), Session(engine.ranker_path, threads)
    return Networks(encoder, ranker, encoder.threads)
