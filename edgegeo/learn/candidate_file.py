"""Mined candidates on the disk: one safetensors file, described here.

Tensors, q queries of n candidates each, the retriever's best first:

    rows        (q, n) int32    into the gallery's ids; -1 pads a query with fewer candidates
    scores      (q, n) float32  the retriever's, inner products of unit embeddings
    is_truth    (q, n) bool     does the candidate show the place of the query?
    forced      (q,)   bool     the retriever missed: the truth was put in the list's last place
    similarity  (q, n) float32  cosine of the candidate's embedding and the ground truth's
    overlap     (q, n) float32  IoU of the candidate's footprint and the query's; where known
    distance_m  (q, n) float32  candidate's centre to the query's, metres; where known

The file's own header holds, as JSON under "edgegeo": format, query_ids, gallery_ids and
provenance (set, folder, split, encoder, commit, versions, what was skipped).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from edgegeo import durable
from edgegeo.errors import DataError

FORMAT = 1
SHAPES = {
    "rows": (2, np.int32),
    "scores": (2, np.float32),
    "is_truth": (2, np.bool_),
    "forced": (1, np.bool_),
    "similarity": (2, np.float32),
    "overlap": (2, np.float32),
    "distance_m": (2, np.float32),
}
WHERE_KNOWN = {"overlap", "distance_m"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates:
    """What the file holds; see above."""

    query_ids: tuple[str, ...]
    gallery_ids: tuple[str, ...]
    rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    is_truth: NDArray[np.bool_]
    forced: NDArray[np.bool_]
    similarity: NDArray[np.float32]
    overlap: NDArray[np.float32] | None = None
    distance_m: NDArray[np.float32] | None = None
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Raise DataError where a list is empty or lacks its ground truth, naming the query."""
        shape = (len(self.query_ids), self.rows.shape[-1])
        for name, (axes, dtype) in SHAPES.items():
            array = getattr(self, name)
            if array is None and name in WHERE_KNOWN:
                continue
            if array.shape != shape[:axes] or array.dtype != dtype:
                got = f"{array.shape} {array.dtype}"
                expected = f"{shape[:axes]} {np.dtype(dtype)}"
                raise DataError(f"candidates: {name} must be {expected}, got {got}")
        if not self.query_ids:
            raise DataError("candidates of no query: nothing could be learned from them")
        if self.rows.max(initial=-1) >= len(self.gallery_ids) or self.rows.min(initial=0) < -1:
            raise DataError(f"candidates: a row is not of the {len(self.gallery_ids)} images")
        there = self.rows >= 0
        self._none_is(there, "has an empty candidate list")
        self._none_is(self.is_truth & there, "has no ground truth among its candidates")

    def only(self, kept: NDArray[np.bool_]) -> "Candidates":
        """Return the candidates of some queries, (q,) bool."""
        arrays = {name: getattr(self, name) for name in SHAPES}
        some: dict[str, Any] = {
            name: None if array is None else array[kept] for name, array in arrays.items()
        }
        ids = tuple(i for i, keep in zip(self.query_ids, kept, strict=True) if keep)
        return replace(self, query_ids=ids, **some)

    def _none_is(self, good: NDArray[np.bool_], fault: str) -> None:
        bad = np.flatnonzero(~good.any(axis=1))
        if bad.size:
            first = self.query_ids[bad[0]]
            raise DataError(f"the query {first} {fault}; so do {bad.size - 1} others")


def write_candidates(path: Path, candidates: Candidates) -> None:
    """Write the file, whole or not at all."""
    header = {
        "format": FORMAT,
        "query_ids": candidates.query_ids,
        "gallery_ids": candidates.gallery_ids,
        "provenance": candidates.provenance,
    }
    found = {name: getattr(candidates, name) for name in SHAPES}
    tensors = {k: np.ascontiguousarray(v) for k, v in found.items() if v is not None}
    durable.write_file(path, save(tensors, {"edgegeo": json.dumps(header)}))


def read_candidates(path: Path) -> Candidates:
    """Read the file; DataError for what is none, or lacks a list or a ground truth."""
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})["edgegeo"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header["format"] != FORMAT:
            raise DataError(f"{path} is of format {header['format']}, expected {FORMAT}")
        unknown = set(tensors) - set(SHAPES)
        missing = set(SHAPES) - WHERE_KNOWN - set(tensors)
        if unknown or missing:
            raise DataError(f"{path}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        return Candidates(
            query_ids=tuple(header["query_ids"]),
            gallery_ids=tuple(header["gallery_ids"]),
            provenance=header["provenance"],
            **tensors,
        )
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"cannot read {path} as candidates of training.mine_candidates: {error}"
        ) from error
