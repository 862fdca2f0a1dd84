"""TensorRT's module and its log. It reports by log line and None, so errors quote the log."""

from collections import deque
from typing import Any

from edgegeo.backends.cuda import read_l4t
from edgegeo.errors import EngineError, MissingExtraError

OLDEST = (10, 3)  # JetPack 6.1
KEPT_LINES = 12
_RECORDERS: dict[int, Any] = {}  # by the module, which its recorder keeps alive


def import_tensorrt() -> Any:
    """Return the `tensorrt` module.

    Raises MissingExtraError where it is not installed, EngineError where it is too old.
    """
    try:
        import tensorrt
    except ImportError as error:
        raise MissingExtraError(f"no TensorRT: {error}; {_how_to_install()}") from error
    check_version(str(tensorrt.__version__))
    return tensorrt


def check_version(version: str) -> None:
    """Raise EngineError for a TensorRT older than OLDEST.

    >>> check_version("10.16.1.11")
    """
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise EngineError(
            f"TensorRT must be 10.3 or newer, got {version}: JetPack 6.0 has 8.6, so install "
            "JetPack 6.1 or newer"
        )


def recorder(trt: Any) -> Any:
    """Return the one logger of this process for `trt`: TensorRT keeps the first it is given.

    `said()` is the last warnings and errors since `clear()`.
    """
    if id(trt) not in _RECORDERS:
        _RECORDERS[id(trt)] = _new_recorder(trt)
    return _RECORDERS[id(trt)]


def _new_recorder(trt: Any) -> Any:
    class Recorder(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.lines: deque[str] = deque(maxlen=KEPT_LINES)

        def log(self, severity: Any, msg: str) -> None:
            if int(severity) <= int(trt.ILogger.WARNING):
                self.lines.append(msg)

        def clear(self) -> None:
            self.lines.clear()

        def said(self) -> str:
            return "TensorRT said: " + (" | ".join(self.lines) or "nothing")

    return Recorder()


def _how_to_install() -> str:
    if read_l4t() is None:
        return "install the version of your driver's CUDA from NVIDIA, or use ONNX Runtime"
    return (
        "on a Jetson it is part of JetPack and must never be installed with pip: "
        "apt-get install python3-libnvinfer, and use the system's Python, or an environment made "
        "by python3 -m venv --system-site-packages"
    )
