"""ONNX Runtime with its outputs bound to memory that is there already.

An output belongs to whoever holds it or a view of it, for as long as they do, like any array; it is
never written over. A later run of the same shapes writes to the same memory only once nobody
holds any of it, and to new memory until then.
"""

import math
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

SHAPES = 64  # of inputs, for which memory is kept; the longest unused goes
IDLE = 4  # kept of each: as many threads run without allocating

Arrays = Mapping[str, NDArray[Any]]
Like = Mapping[str, tuple[tuple[int, ...], Any]]  # shape and type of each output


class BoundRuns:
    """Runs of one session. `like` gives shapes and types of the outputs, from the inputs.

    May be used from several threads at once.
    """

    def __init__(self, session: ort.InferenceSession, like: Callable[[Arrays], Like]) -> None:
        self._session, self._like = session, like
        self._idle = lru_cache(maxsize=SHAPES)(_shelf)

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Return the outputs; raises whatever ONNX Runtime does."""
        idle = self._idle(tuple([(name, array.shape) for name, array in inputs.items()]))
        try:
            ready = idle.pop()
        except IndexError:
            ready = _Ready(self._session, self._like(inputs))
        found = ready.run(inputs)
        idle.append(ready)  # not after an error
        return found


class _Output(NamedTuple):
    memory: bytearray
    shape: tuple[int, ...]
    dtype: Any
    lent: Callable[[], NDArray[Any] | None]  # the array over it that somebody may still hold


class _Ready:
    """One binding and the memory of its outputs; for one thread at a time."""

    def __init__(self, session: ort.InferenceSession, like: Like) -> None:
        self._session, self._binding = session, session.io_binding()
        self._outputs = {name: self._bind(name, *kind) for name, kind in like.items()}

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        outputs = self._outputs
        for name, output in outputs.items():
            if output.lent() is not None:
                outputs[name] = self._bind(name, output.shape, output.dtype)
        for name, array in inputs.items():
            value = ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
            self._binding.bind_ortvalue_input(name, value)
        self._session.run_with_iobinding(self._binding)
        self._binding.clear_binding_inputs()  # they are the caller's
        found = {}
        for name, (memory, shape, dtype, _) in outputs.items():
            # Not a view of an array: the base of a view of a view is the last array on the way,
            # so every view that a caller makes holds this one.
            found[name] = array = np.ndarray(shape, dtype, memory)
            outputs[name] = _Output(memory, shape, dtype, weakref.ref(array))
        return found

    def _bind(self, name: str, shape: tuple[int, ...], dtype: Any) -> _Output:
        memory = bytearray(math.prod(shape) * np.dtype(dtype).itemsize)
        array: NDArray[Any] = np.ndarray(shape, dtype, memory)
        self._binding.bind_ortvalue_output(name, ort.OrtValue.ortvalue_from_numpy(array))
        return _Output(memory, shape, dtype, _nobody)


def _nobody() -> None:
    return None


def _shelf(_inputs: tuple[tuple[str, tuple[int, ...]], ...]) -> deque[_Ready]:
    return deque(maxlen=IDLE)
