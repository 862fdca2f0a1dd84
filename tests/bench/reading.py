"""The least time in which bytes can be read at all, by a few lines of C++ compiled on the spot."""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_suffix(".cpp")


def reader() -> Callable[[np.ndarray, int], int] | None:
    """Return read(array, threads), or None where there is no C++ compiler."""
    compiler = shutil.which("c++")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "reading.so"
        flags = ["-O3", "-march=native", "-std=c++17", "-shared", "-fPIC", "-pthread"]
        subprocess.run([compiler, *flags, str(SOURCE), "-o", str(built)], check=True)
        read_all = ctypes.CDLL(str(built)).read_all
    read_all.restype = ctypes.c_uint64
    read_all.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    return lambda array, threads: read_all(array.ctypes.data, array.nbytes // 8, threads)
