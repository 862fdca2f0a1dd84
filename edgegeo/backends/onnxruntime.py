"""ONNX Runtime on the CPU: the backend that runs anywhere."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edgegeo.backends.bound import Arrays, BoundRuns, Like
from edgegeo.cpus import usable_cpus
from edgegeo.errors import EngineError, ShapeError

ERRORS_ONLY = 3
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}


class Session:
    """One ONNX file, loaded. `run` may be called from several threads at once.

    `threads` is the number of CPU threads of one run; 0 takes what `usable_cpus` says.
    `input_shapes` and `output_shapes` hold the declared shapes, a name or None where a side is
    free; `metadata` is what the file says beside its graph.
    """

    def __init__(self, path: str | Path, threads: int = 0) -> None:
        options = ort.SessionOptions()
        self.threads = threads or usable_cpus()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        # Threads that have nothing to do would spin: beside the engine's other session, and
        # beside the flight stack of the same computer, on cores that those need.
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
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        self.output_shapes = {o.name: tuple(o.shape) for o in self._session.get_outputs()}
        self._types = {o.name: TYPES.get(o.type) for o in self._session.get_outputs()}
        sides = {side for shape in self.input_shapes.values() for side in shape}
        self._foreseen = None not in self._types.values() and all(
            isinstance(side, int) or (side is not None and side in sides)
            for shape in self.output_shapes.values()
            for side in shape
        )
        self._bound = BoundRuns(self._session, self._like)

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Return every output by name; raises ShapeError where the inputs do not fit.

        The outputs are the caller's for as long as they are held: see `bound`. Inputs are read
        where they lie, unless they are not contiguous.
        """
        try:
            if self._foreseen:
                return self._bound.run(inputs)
            names = list(self.output_shapes)
            return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))
        except Exception as error:
            got = {name: (array.shape, str(array.dtype)) for name, array in inputs.items()}
            expected = f"inputs {self.input_shapes}"
            raise ShapeError(f"{self.path.name} must be given {expected}, got {got}") from error

    def _like(self, inputs: Arrays) -> Like:
        """Return shape and type of every output, as the sides of the inputs imply them."""
        sides: dict[str | int | None, int] = {}
        for name, shape in self.input_shapes.items():
            sides.update(zip(shape, inputs[name].shape, strict=True))
        exact = {
            name: tuple(side if isinstance(side, int) else sides[side] for side in shape)
            for name, shape in self.output_shapes.items()
        }
        return {name: (shape, self._types[name]) for name, shape in exact.items()}
