"""The retriever's own candidates for each query, and how right each of them is.

What a ranker must tell apart are the images its retriever confuses, so those are what it learns
from; the ground truth is forced in where the retriever missed it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.datasets.records import Benchmark, Geo, Query
from edgegeo.errors import DataError, RangeError
from edgegeo.evaluation.ranking import KEPT, Rows, rank
from edgegeo.geodesy import enu_from_geo
from edgegeo.learn.candidate_file import Candidates


def mine(
    benchmark: Benchmark, queries: Rows, gallery: Rows, n: int, provenance: Mapping[str, Any]
) -> Candidates:
    """Return the first `n` of every query, ground truth forced into the last place.

    queries  (q, d) float32 unit rows, in the benchmark's order
    gallery  (m, d) float32 unit rows, in the benchmark's order

    Raises DataError, with its id, for a query without a right image in the gallery.
    """
    if not 2 <= n <= KEPT:
        raise RangeError.of("candidates of a query", f"from 2 to {KEPT}", n)
    for query in benchmark.queries:
        if not query.right:
            raise DataError(f"the query {query.id} has no ground truth in the gallery")
    rows = rank(benchmark, queries, gallery).nearest[:, :n].copy()
    is_truth, forced = np.zeros(rows.shape, np.bool_), np.zeros(len(rows), np.bool_)
    similarity = np.zeros(rows.shape, np.float32)
    for number, query in enumerate(benchmark.queries):
        right = np.array(query.right)
        if not np.isin(rows[number], right).any():
            forced[number] = True
            best = right[np.argmax(gallery[right] @ queries[number])]
            count = int((rows[number] >= 0).sum())
            rows[number, min(count, rows.shape[1] - 1)] = best
        is_truth[number] = np.isin(rows[number], right)
        similarity[number] = (gallery[rows[number]] @ gallery[right].T).max(1)
    padding = rows < 0
    scores = np.einsum("qd,qnd->qn", queries, gallery[rows])
    similarity[padding] = scores[padding] = 0
    overlap, distance = _geography(benchmark, rows, is_truth)
    return Candidates(
        query_ids=tuple(query.id for query in benchmark.queries),
        gallery_ids=tuple(image.id for image in benchmark.gallery),
        rows=rows,
        scores=scores.astype(np.float32),
        is_truth=is_truth,
        forced=forced,
        similarity=similarity,
        overlap=overlap,
        distance_m=distance,
        provenance=provenance,
    )


def _geography(
    benchmark: Benchmark, rows: NDArray[np.int32], is_truth: NDArray[np.bool_]
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Return overlap and distance (q, n), None where the set does not say where things are.

    A query's footprint is taken as a square around its place, as wide as its ground truth.
    """
    places = [q.at for q in benchmark.queries] + [image.at for image in benchmark.gallery]
    if None in places:
        return None, None
    at = np.array([image.at for image in benchmark.gallery], np.float64)
    sides = np.array([image.side_m or np.nan for image in benchmark.gallery], np.float64)
    overlap, distance = np.zeros(rows.shape, np.float32), np.zeros(rows.shape, np.float32)
    for number, query in enumerate(benchmark.queries):
        east, north = offsets_m(query, at[rows[number]])
        truth_m = sides[rows[number]][is_truth[number]][0]
        distance[number] = np.hypot(east, north)
        overlap[number] = square_iou(east, north, sides[rows[number]], truth_m)
    padding = rows < 0
    overlap[padding], distance[padding] = 0, np.inf
    return None if np.isnan(sides).any() else overlap, distance


def square_iou(
    east_m: NDArray[np.float64], north_m: NDArray[np.float64], a_m: Any, b_m: Any
) -> NDArray[np.float64]:
    """Intersection over union of two north-up squares of sides a and b, centres apart so far.

    >>> square_iou(np.array([1.0]), np.array([0.0]), 2.0, 2.0)  # 2 of 6
    array([0.33333333])
    """
    most = np.minimum(a_m, b_m)
    wide = np.clip((a_m + b_m) / 2 - np.abs(east_m), 0, most)
    high = np.clip((a_m + b_m) / 2 - np.abs(north_m), 0, most)
    common = wide * high
    return np.asarray(common / (np.square(a_m) + np.square(b_m) - common), np.float64)


def offsets_m(
    query: Query, at: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (east, north) in metres of places (n, 2) from the query's; a game's are metres."""
    here = query.at
    assert here is not None
    if isinstance(here, Geo):
        return enu_from_geo(at[:, 0], at[:, 1], *here)
    return at[:, 0] - here.x_m, here.y_m - at[:, 1]
