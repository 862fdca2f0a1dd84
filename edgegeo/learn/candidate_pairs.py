"""The pictures and soft labels of mined candidates, query by query."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgegeo.datasets import open_benchmark
from edgegeo.datasets.pictures import Fit, Picture
from edgegeo.datasets.records import Query
from edgegeo.errors import DataError, MapError
from edgegeo.learn import soft_labels
from edgegeo.learn.candidate_file import read_candidates
from edgegeo.models.lvlm_prompt import Image

TILES_KEPT = 2048  # decoded; 0.6 MB each at 448 px


class Lesson(NamedTuple):
    """One query with its candidates, k of them: what one forward of the ranker is given."""

    query: Query
    frame: Image
    tiles: tuple[Image, ...]
    labels: Tensor  # (1, k) float32 in [0, 1]
    is_truth: NDArray[np.bool_]  # (k,)


@dataclass(frozen=True, kw_only=True)
class LabelSource:
    """Which soft label; see `soft_labels`."""

    name: str
    threshold: float = 0.5
    tau_m: float = 20.0


class CandidatePairs:
    """A file of candidates joined with the pictures of its set.

    `skip_bad` leaves out a candidate, or a whole query, whose picture is missing or damaged,
    and counts it in `skipped`; else such a picture is a DataError or a MapError.
    """

    def __init__(self, path: Path, px: int, fit: Fit, k: int, skip_bad: bool) -> None:
        found = read_candidates(path)
        made = found.provenance
        whole = open_benchmark(made["set"], made["folder"], made["split"])
        queries = {query.id: query for query in whole.queries}
        images = {image.id: image.picture for image in whole.gallery}
        gone = [i for i in found.query_ids if i not in queries]
        lost = [i for i in found.gallery_ids if i not in images]
        if (gone or lost) and not (skip_bad and len(gone) < len(found.query_ids)):
            raise DataError(
                f"{path}: {len(gone) + len(lost)} of its images are not in {made['folder']}, the "
                f"first is {(gone + lost)[0]}; mine again"
            )
        self.skip_bad = skip_bad
        self.skipped: set[str] = {*gone, *lost}
        self.candidates = found.only(np.array([i in queries for i in found.query_ids]))
        self.queries = [queries[i] for i in self.candidates.query_ids]
        self.columns = self._columns(path, k)

        def square(picture: Picture) -> Image:
            return picture.square(px, fit)[0]

        def tile(row: int) -> Image:
            id_ = found.gallery_ids[row]
            if id_ not in images:
                raise DataError(f"{id_} is missing in {made['folder']}")
            return square(images[id_])

        self._square, self._tile = square, lru_cache(TILES_KEPT)(tile)

    def lesson(self, number: int, source: LabelSource | None = None) -> Lesson | None:
        """Return a query's pictures and labels, None where it must be skipped.

        Without a source there are no labels, and no ground truth among the first k that the
        retriever had not put there.
        """
        query, columns = self.queries[number], self.columns[number]
        if source is None:  # as the retriever had it
            columns = np.arange(len(columns))
            if self.candidates.forced[number]:
                columns = columns[~self.candidates.is_truth[number, columns]]
        columns = columns[self.candidates.rows[number, columns] >= 0]
        try:
            frame = self._square(query.picture)
        except (DataError, MapError) as error:
            self._skip(query.id, error)
            return None
        tiles, kept = [], []
        for column in columns:
            row = int(self.candidates.rows[number, column])
            try:
                tiles.append(self._tile(row))
                kept.append(column)
            except (DataError, MapError) as error:
                self._skip(self.candidates.gallery_ids[row], error)
        is_truth = self.candidates.is_truth[number, kept]
        if source is None:
            return Lesson(query, frame, tuple(tiles), torch.zeros(1, len(kept)), is_truth)
        if not is_truth.any() or len(kept) < 2:
            self.skipped.add(query.id)
            return None
        return Lesson(query, frame, tuple(tiles), self._labels(number, kept, source), is_truth)

    def _skip(self, id_: str, error: Exception) -> None:
        if not self.skip_bad:
            raise error
        self.skipped.add(id_)

    def _columns(self, path: Path, k: int) -> NDArray[np.int64]:
        """Return (q, k): the first k of each list, the last of them the truth if none is."""
        q, n = self.candidates.rows.shape
        if k > n:
            raise DataError(f"{path} holds {n} candidates a query, the recipe asks for {k}")
        columns = np.tile(np.arange(k), (q, 1))
        truth = self.candidates.is_truth & (self.candidates.rows >= 0)
        without = ~truth[:, :k].any(1)
        columns[without, -1] = truth[without].argmax(1)
        return columns

    def _labels(self, number: int, columns: Sequence[int], source: LabelSource) -> Tensor:
        c = self.candidates
        truth = torch.from_numpy(c.is_truth[number : number + 1, columns])
        padding = torch.zeros_like(truth)
        if source.name == "hard":
            return soft_labels.hard_labels(truth, padding)
        name = {"distance": "distance_m"}.get(source.name, source.name)
        values = getattr(c, name)
        if values is None:
            raise DataError(
                f"{c.provenance['set']} does not say where its images are: no labels by "
                f"{source.name}; take similarity"
            )
        given = torch.from_numpy(values[number : number + 1, columns])
        if source.name == "overlap":
            return soft_labels.overlap_labels(given, truth, padding)
        if source.name == "distance":
            return soft_labels.distance_labels(given, truth, padding, source.tau_m)
        return soft_labels.similarity_labels(given, truth, padding, source.threshold)


def held_out_places(queries: Sequence[Query], share: float, seed: int) -> NDArray[np.bool_]:
    """Return which queries are kept for validation: all of a random share of the places."""
    blocks = sorted({query.block for query in queries})
    count = max(1, round(share * len(blocks)))
    if count >= len(blocks):
        raise DataError(f"{len(blocks)} places are too few to hold out {share:.0%} of them")
    rng = np.random.default_rng((seed, 1))
    chosen = {blocks[i] for i in rng.permutation(len(blocks))[:count]}
    return np.array([query.block in chosen for query in queries])
