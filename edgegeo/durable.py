"""Files and folders that are whole or not there, whenever the process is killed."""

import ctypes
import errno
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import EngineError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
AT_FDCWD = -100
RENAME_EXCHANGE = 2


def write_file(path: Path, data: bytes) -> None:
    """Write a file beside its place, flush it to the disk and rename it."""
    beside = path.with_name(path.name + ".tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def npy_bytes(array: NDArray[Any]) -> bytes:
    """Return an array as the bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


class HashedFile:
    """A file that is hashed while it is written: `digest` is right once it is closed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self.bytes += len(data)
        return self._file.write(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def hashed_file(path: Path) -> Iterator[HashedFile]:
    """Open a new file for writing; it reaches the disk before this returns."""
    with path.open("wb") as file:
        yield HashedFile(file)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make the names inside a folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def exchange(a: Path, b: Path) -> bool:
    """Swap two existing paths in one atomic step; False where the system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    names = (os.fsencode(a), os.fsencode(b))
    return bool(renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0)


def put_in_place(made: Path, out: Path) -> None:
    """Rename a finished folder to `out`; an older one there is left where `made` was, or beside.

    In one step where the system can swap two folders.
    """
    if not out.exists():
        os.rename(made, out)
    elif not exchange(made, out):
        os.rename(out, made.with_name(made.name + ".replaced"))
        os.rename(made, out)
    sync_folder(out.parent)


@contextmanager
def disk_full_explained(out: Path) -> Iterator[None]:
    """Turn a full disk, a quota or a file size limit into an EngineError that helps."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise EngineError(
            f"no room left while building {out} ({error.strerror}): free some space and run "
            "the same command again; finished shards are kept and an older engine at that "
            "place is untouched"
        ) from error
