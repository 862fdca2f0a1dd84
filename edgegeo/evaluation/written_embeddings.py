"""Embeddings another repository wrote: a .npy file, and one id a line for its rows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import DataError


def read_embeddings(path: Path, ids_path: Path, wanted: Sequence[str]) -> NDArray[np.float32]:
    """Return unit rows (n, d) float32 in the order of `wanted`, the ids of a benchmark.

    path      (n, d) float16, float32 or float64, in any order, no pickle
    ids_path  n lines of text: an id, or a path that ends in one

    Rows may have any length but 0. Raises DataError, with the id where there is one, for
    counts that differ, ids that are missing, unknown or double, and values not finite.
    """
    rows, ids = _array(path), _ids(ids_path)
    if len(rows) != len(ids):
        raise DataError(f"{path} has {len(rows)} rows, {ids_path} {len(ids)} ids")
    places = {id_: place for place, id_ in enumerate(wanted)}
    order = np.full(len(wanted), -1, np.int64)
    for number, text in enumerate(ids):
        place = _place(text, places)
        if place is None:
            raise DataError(
                f"{ids_path} line {number + 1}: {text!r} is not of this set, "
                f"whose ids are such as {wanted[0]!r}"
            )
        if order[place] >= 0:
            raise DataError(f"{ids_path}: {wanted[place]} is there twice")
        order[place] = number
    missing = np.flatnonzero(order < 0)
    if missing.size:
        raise DataError(f"{ids_path} lacks {missing.size} ids, the first is {wanted[missing[0]]}")
    lengths = np.linalg.norm(rows, axis=1)
    wrong = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if wrong.size:
        raise DataError(
            f"{path}: {wrong.size} rows are not finite or all zeros, "
            f"the first is that of {ids[wrong[0]]}"
        )
    return np.ascontiguousarray((rows / lengths[:, None])[order], np.float32)


def _array(path: Path) -> NDArray[np.float64]:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"cannot read {path} as a .npy file: {error}") from error
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind != "f":
        got = f"{array.shape} {array.dtype}" if isinstance(array, np.ndarray) else "an archive"
        raise DataError(f"{path} must hold (n, d) floating point numbers, got {got}")
    return array.astype(np.float64)


def _ids(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path} as one id a line: {error}") from error


def _place(text: str, places: dict[str, int]) -> int | None:
    """Find an id by its longest ending that is one: another's paths begin elsewhere."""
    rest = text.strip().replace("\\", "/")
    while rest not in places and "/" in rest:
        rest = rest.partition("/")[2]
    return places.get(rest)
