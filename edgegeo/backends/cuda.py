"""What flying a plan needs of CUDA: the board's facts, one stream, memory, captured graphs.

Through cuda-bindings, whose every call returns a status first. Functions take that module as
`cudart`, so that tests can give a stand-in.
"""

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import EngineError, MissingExtraError

L4T_RELEASE = Path("/etc/nv_tegra_release")  # on every Jetson, and nowhere else


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a plan is tied to, and what a reader of its sidecar wants to know."""

    tensorrt: str
    compute_capability: str  # "8.7" on Orin
    device: str
    driver: str  # the newest CUDA it can run, "12.6"
    l4t: str | None  # "36.4.3"; None where this is no Jetson


def import_cuda() -> Any:
    """Return cuda-bindings' runtime module; raises MissingExtraError without it."""
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        raise MissingExtraError(
            "TensorRT needs CUDA's Python bindings of the same major version as the driver's: "
            "pip install 'cuda-bindings>=12.6,<13' on JetPack 6, pip install 'edgegeo[tensorrt]' "
            f"elsewhere ({error})"
        ) from error
    return runtime


def read_board(trt: Any, cudart: Any) -> Board:
    """Return the facts of the first GPU; raises EngineError where there is none to use."""
    try:
        if not checked(cudart.cudaGetDeviceCount()):
            raise EngineError("CUDA finds no device")
    except EngineError as error:
        raise EngineError(
            f"no NVIDIA GPU can be used: {error}; is the driver there, and is it as new as "
            "cuda-bindings (JetPack 6: pip install 'cuda-bindings>=12.6,<13')?"
        ) from error
    kind = cudart.cudaDeviceAttr
    major = checked(cudart.cudaDeviceGetAttribute(kind.cudaDevAttrComputeCapabilityMajor, 0))
    minor = checked(cudart.cudaDeviceGetAttribute(kind.cudaDevAttrComputeCapabilityMinor, 0))
    driver = int(checked(cudart.cudaDriverGetVersion()))
    name = checked(cudart.cudaGetDeviceProperties(0)).name
    return Board(
        tensorrt=str(trt.__version__),
        compute_capability=f"{int(major)}.{int(minor)}",
        device=name.decode().rstrip("\0"),
        driver=f"{driver // 1000}.{driver % 1000 // 10}",
        l4t=read_l4t(),
    )


def read_l4t(path: Path = L4T_RELEASE) -> str | None:
    """Return the release of Jetson Linux, such as "36.4.3"; None elsewhere."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    found = re.search(r"# R(\d+) \(release\), REVISION: ([\d.]+)", text)
    return f"{found[1]}.{found[2]}" if found else None


def checked(result: tuple[Any, ...]) -> Any:
    """Return what a CUDA call gave beside its status; raises EngineError unless that is 0."""
    status, *values = result
    if int(status):
        raise EngineError(f"{getattr(status, 'name', 'CUDA status')} ({int(status)})")
    return values[0] if values else None


class Buffer:
    """One tensor at its largest: pinned `host` memory and as much `device` memory."""

    def __init__(self, host: NDArray[Any], device: int) -> None:
        self.host, self.device = host, device

    def bytes_of(self, shape: tuple[int, ...]) -> int:
        return int(np.prod(shape, dtype=np.int64)) * self.host.itemsize


class Stream:
    """One CUDA stream and all that was allocated for it, until `release`."""

    def __init__(self, cudart: Any) -> None:
        self._cudart = cudart
        self._frees: list[Callable[[], object]] = []
        self.handle = checked(cudart.cudaStreamCreate())
        self._frees.append(lambda: cudart.cudaStreamDestroy(self.handle))

    def device_memory(self, size: int) -> int:
        """Return the address of `size` bytes on the GPU, aligned to at least 256."""
        address = int(checked(self._cudart.cudaMalloc(max(1, size))))
        self._frees.append(lambda: self._cudart.cudaFree(address))
        return address

    def buffer(self, shape: tuple[int, ...], dtype: Any) -> Buffer:
        """Return pinned and device memory for one tensor, zeroed on the host."""
        size = max(1, int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize)
        address = int(checked(self._cudart.cudaMallocHost(size)))
        self._frees.append(lambda: self._cudart.cudaFreeHost(address))
        flat = np.frombuffer((ctypes.c_byte * size).from_address(address), dtype)
        host = flat[: int(np.prod(shape, dtype=np.int64))].reshape(shape)
        host[...] = 0
        return Buffer(host, self.device_memory(size))

    def upload(self, buffer: Buffer, size: int) -> None:
        kind = self._cudart.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._copy(buffer.device, buffer.host.ctypes.data, size, kind)

    def download(self, buffer: Buffer, size: int) -> None:
        kind = self._cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._copy(buffer.host.ctypes.data, buffer.device, size, kind)

    def wait(self) -> None:
        checked(self._cudart.cudaStreamSynchronize(self.handle))

    def capture(self, enqueue: Callable[[], None]) -> Any | None:
        """Return what `enqueue` puts on the stream as one graph; None where that is refused."""
        mode = self._cudart.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        checked(self._cudart.cudaStreamBeginCapture(self.handle, mode))
        refused = False
        try:
            enqueue()
        except EngineError:
            refused = True
        status, graph = self._cudart.cudaStreamEndCapture(self.handle)
        if refused or int(status):
            self._cudart.cudaGetLastError()  # what is not taken away here comes up later
            return None
        launchable = checked(self._cudart.cudaGraphInstantiate(graph, 0))
        checked(self._cudart.cudaGraphDestroy(graph))
        return launchable

    def launch(self, graph: Any) -> None:
        checked(self._cudart.cudaGraphLaunch(graph, self.handle))

    def forget(self, graph: Any) -> None:
        checked(self._cudart.cudaGraphExecDestroy(graph))

    def release(self) -> None:
        """Give everything back, newest first."""
        while self._frees:
            self._frees.pop()()

    def _copy(self, to: int, source: int, size: int, kind: Any) -> None:
        checked(self._cudart.cudaMemcpyAsync(to, source, size, kind, self.handle))
