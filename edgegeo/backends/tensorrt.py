"""TensorRT: flies a plan on an NVIDIA board. Not yet run on a GPU: see README.md here.

Memory is allocated once, at the plan's largest batch. The number of rows is rounded up to one of
a few sizes; the first run of a size captures a CUDA graph of upload, network and download, the
next ones launch it.
"""

import threading
import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from edgegeo.backends.cuda import Buffer, Stream
from edgegeo.backends.tensorrt_log import recorder
from edgegeo.errors import EngineError, ShapeError

MOST_GRAPHS = 24  # the longest unused one goes
STEP = 8  # sizes are 1, 2, 4 and multiples of this

Shapes = dict[str, tuple[int, ...]]


class _Ready(NamedTuple):
    context: Any
    sizes: dict[str, int]  # bytes to copy of each tensor
    graph: Any | None  # None where TensorRT refuses to be captured


class Session:
    """One plan, loaded. `run` may be called from several threads; they take turns.

    `name` is for error messages. `trt` and `cudart` are the modules of import_tensorrt and
    import_cuda. Raises EngineError where TensorRT does not take the plan.
    """

    def __init__(self, plan: bytes, name: str, trt: Any, cudart: Any) -> None:
        self.name = name
        self._trt = trt
        self._logger = recorder(trt)
        self._logger.clear()
        self._runtime = trt.Runtime(self._logger)
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError(f"TensorRT {trt.__version__} refuses {name}: {self._logger.said()}")
        self._engine = engine
        self._lock = threading.Lock()
        self._stream = Stream(cudart)
        weakref.finalize(self, self._stream.release)
        self._scratch_bytes = int(engine.device_memory_size_v2)
        self._scratch = self._stream.device_memory(self._scratch_bytes)

        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        inputs = [n for n in names if engine.get_tensor_mode(n) == trt.TensorIOMode.INPUT]
        ends = {n: engine.get_tensor_profile_shape(n, 0) for n in inputs}
        self._least: Shapes = {n: tuple(shapes[0]) for n, shapes in ends.items()}
        self._most: Shapes = {n: tuple(shapes[2]) for n, shapes in ends.items()}
        self._outputs = [name for name in names if name not in inputs]
        self._asking = self._context(self._most)  # of it only shapes are asked
        self._buffers: dict[str, Buffer] = {
            n: self._stream.buffer(shape, trt.nptype(engine.get_tensor_dtype(n)))
            for n, shape in (self._most | self._output_shapes(self._most)).items()
        }
        self._ready: dict[tuple[int, ...], _Ready] = {}

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return every output by name; raises ShapeError where the inputs do not fit."""
        self._check(inputs)
        with self._lock:
            sides = {n: padded(len(inputs[n]), most[0]) for n, most in self._most.items()}
            for name, side in sides.items():
                rows = self._buffers[name].host[:side]
                rows[: len(inputs[name])] = inputs[name]
                rows[len(inputs[name]) :] = 0  # a row number from the last frame may be too high
            self._run(tuple(sides.values()))
            shapes = self._output_shapes({n: a.shape for n, a in inputs.items()})
            return {n: self._rows(n, shapes[n]).copy() for n in self._outputs}

    def _run(self, sides: tuple[int, ...]) -> None:
        ready = self._ready.pop(sides, None) or self._prepare(sides)
        self._ready[sides] = ready  # the newest last
        if len(self._ready) > MOST_GRAPHS:
            oldest = self._ready.pop(next(iter(self._ready)))
            if oldest.graph is not None:
                self._stream.forget(oldest.graph)
        if ready.graph is None:
            self._enqueue(ready.context, ready.sizes)
        else:
            self._stream.launch(ready.graph)
        self._stream.wait()

    def _prepare(self, sides: tuple[int, ...]) -> _Ready:
        shapes = {n: (side, *self._most[n][1:]) for n, side in zip(self._most, sides, strict=True)}
        context = self._context(shapes)
        shapes |= self._output_shapes(shapes)
        if self._scratch_bytes:
            context.set_device_memory(self._scratch, self._scratch_bytes)
        for name, buffer in self._buffers.items():
            self._accepted(context.set_tensor_address(name, buffer.device), f"address of {name}")
        sizes = {n: self._buffers[n].bytes_of(shape) for n, shape in shapes.items()}
        self._enqueue(context, sizes)  # once before it is captured: the first run sets things up
        self._stream.wait()
        graph = self._stream.capture(lambda: self._enqueue(context, sizes))
        return _Ready(context, sizes, graph)

    def _enqueue(self, context: Any, sizes: Mapping[str, int]) -> None:
        for name in self._most:
            self._stream.upload(self._buffers[name], sizes[name])
        self._accepted(context.execute_async_v3(int(self._stream.handle)), "run")
        for name in self._outputs:
            self._stream.download(self._buffers[name], sizes[name])

    def _context(self, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        """Return a context of these input shapes. A captured graph belongs to one context, so each
        size has its own; they share the scratch memory, since only one runs at a time."""
        strategy = self._trt.ExecutionContextAllocationStrategy.USER_MANAGED
        context = self._engine.create_execution_context(strategy)
        self._accepted(context is not None, "context")
        self._shape(context, shapes)
        return context

    def _output_shapes(self, inputs: Mapping[str, tuple[int, ...]]) -> Shapes:
        self._shape(self._asking, inputs)
        return {name: tuple(self._asking.get_tensor_shape(name)) for name in self._outputs}

    def _shape(self, context: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
        for name, shape in shapes.items():
            self._accepted(context.set_input_shape(name, shape), f"{shape} as {name}")
        missing = context.infer_shapes()
        self._accepted(not missing, f"shapes without {missing}")

    def _rows(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        host = self._buffers[name].host
        return host[: shape[0]] if shape else host

    def _accepted(self, yes: bool, what: str) -> None:
        if not yes:
            raise EngineError(f"TensorRT refuses for {self.name}: {what}; {self._logger.said()}")

    def _check(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        fits = inputs.keys() == self._most.keys() and all(
            array.dtype == self._buffers[name].host.dtype
            and array.ndim == len(self._most[name])
            and array.shape[1:] == self._most[name][1:]
            and self._least[name][0] <= len(array) <= self._most[name][0]
            for name, array in inputs.items()
        )
        if not fits:
            got = {name: (array.shape, str(array.dtype)) for name, array in inputs.items()}
            kinds = {n: str(self._buffers[n].host.dtype) for n in self._most}
            raise ShapeError(
                f"{self.name} must be given {self._least} to {self._most} as {kinds}, got {got}; "
                "a larger batch needs a plan built for it"
            )


def padded(rows: int, most: int) -> int:
    """Return the size that so many rows are rounded up to.

    >>> [padded(rows, 50) for rows in (1, 3, 4, 5, 9, 36, 49)]
    [1, 4, 4, 8, 16, 40, 50]
    """
    side = next((few for few in (1, 2, 4) if rows <= few), -(-rows // STEP) * STEP)
    return min(side, most)
