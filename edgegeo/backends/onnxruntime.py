"""ONNX Runtime on the CPU: the backend that runs anywhere."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray

from edgegeo.errors import EngineError, ShapeError

ERRORS_ONLY = 3


class Session:
    """One ONNX file, loaded. `run` may be called from several threads at once.

    `threads` is the number of CPU threads of one run; 0 takes every CPU this process may
    use. `input_shapes` and `output_shapes` hold the declared shapes, a name or None where
    a side is free.
    """

    def __init__(self, path: str | Path, threads: int = 0) -> None:
        options = ort.SessionOptions()
        self.threads = threads or len(os.sched_getaffinity(0))
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        # An engine holds two sessions: idle threads of one that spin would slow the other.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = ERRORS_ONLY
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises a dozen types with no common base
            raise EngineError(f"{path} cannot be loaded by ONNX Runtime: {error}") from error
        self.path = Path(path)
        self.input_shapes = {i.name: tuple(i.shape) for i in self._session.get_inputs()}
        self.output_shapes = {o.name: tuple(o.shape) for o in self._session.get_outputs()}

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return every output by name; raises ShapeError where the inputs do not fit."""
        names = list(self.output_shapes)
        try:
            values = self._session.run(names, dict(inputs))
        except Exception as error:
            got = {name: (array.shape, str(array.dtype)) for name, array in inputs.items()}
            expected = f"inputs {self.input_shapes}"
            raise ShapeError(f"{self.path.name} must be given {expected}, got {got}") from error
        return dict(zip(names, values, strict=True))
