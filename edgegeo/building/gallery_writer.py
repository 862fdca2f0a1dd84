"""A gallery on its way to disk: finished shards as files, then streamed into the final arrays."""

import io
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgegeo import durable
from edgegeo.errors import EngineError
from edgegeo.gallery import FILES
from edgegeo.manifest import FileRecord


class ShardCounts(NamedTuple):
    """How many tiles a shard holds, and how many were left out of it and why."""

    rows: int
    uncovered: int  # too little of the tile shows the ground
    plain: int  # no detail


class Shard(NamedTuple):
    """The kept tiles of one run of the plan's rows; `arrays` has the keys of gallery.FILES."""

    arrays: dict[str, NDArray[Any]]
    counts: ShardCounts


def write_shard(path: Path, shard: Shard) -> None:
    """Write one shard as .npz; the file appears whole or not at all."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in {"counts": np.array(shard.counts, np.int64), **shard.arrays}.items():
            archive.writestr(f"{name}.npy", durable.npy_bytes(array))
    durable.write_file(path, buffer.getvalue())


def shard_counts(path: Path) -> ShardCounts | None:
    """Return what a finished shard holds, or None when it is not there or not readable."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as shard:
            return ShardCounts(*(int(count) for count in shard["counts"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def assemble(shards: Sequence[Path], folder: Path) -> dict[str, FileRecord]:
    """Stream finished shards, in order, into the files of a gallery, one shard in memory.

    Returns the record of each file by its name. At least one shard must hold a row.
    """
    counted = [(path, shard_counts(path)) for path in shards]
    lost = [path.name for path, counts in counted if counts is None]
    if lost:
        raise EngineError(f"shards {', '.join(lost)} cannot be read; run the build again")
    full = [(path, counts.rows) for path, counts in counted if counts and counts.rows]
    total = sum(rows for _, rows in full)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(durable.hashed_file(folder / f"{name}.npy")) for name in FILES
        }
        for nth, (path, _) in enumerate(full):
            with np.load(path, allow_pickle=False) as shard:
                for name, file in files.items():
                    array = np.ascontiguousarray(shard[name])
                    if nth == 0:
                        file.write(npy_header(array, total))
                    file.write(array.tobytes())
    durable.sync_folder(folder)
    return {
        f"{name}.npy": FileRecord(sha256=file.digest, bytes=file.bytes)
        for name, file in files.items()
    }


def npy_header(first: NDArray[Any], rows: int) -> bytes:
    """Return the head of a .npy file of `rows` rows such as those of `first`."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer,
        {
            "descr": np.lib.format.dtype_to_descr(first.dtype),
            "fortran_order": False,
            "shape": (rows, *first.shape[1:]),
        },
    )
    return buffer.getvalue()
