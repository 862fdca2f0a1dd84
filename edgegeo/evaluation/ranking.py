"""The exact order of a gallery for every query, before and after a re-ranker had its say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from edgegeo.datasets.records import Benchmark
from edgegeo.errors import DataError
from edgegeo.evaluation.ranking_metrics import k_of_published_top1
from edgegeo.search import top_k

KEPT = 100  # candidates kept of every query, and what a re-ranker may reorder
QUERIES_AT_ONCE = 256
ROWS_AT_ONCE = 64  # the kernel sorts by insertion: few rows a call, all of them scored

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Ranking:
    """What the metrics need of the order of a gallery of `gallery` images.

    nearest      (q, k) int32   rows of the gallery, best first; -1 past the end of a region
    right_ranks  one a query    the places of its right images, from 0, ascending
    """

    nearest: NDArray[np.int32]
    right_ranks: tuple[tuple[int, ...], ...]
    gallery: int

    def right(self, k: int) -> NDArray[np.bool_]:
        """Return (q, k): is the candidate right?"""
        flags = np.zeros((len(self.right_ranks), k), np.bool_)
        for row, ranks in zip(flags, self.right_ranks, strict=True):
            row[[rank for rank in ranks if rank < k]] = True
        return flags


def rank(benchmark: Benchmark, queries: Rows, gallery: Rows) -> Ranking:
    """Order the gallery for every query by inner product; equal scores go to the lower row.

    queries  (q, d) float32 unit rows, in the benchmark's order
    gallery  (n, d) float32 unit rows, in the benchmark's order

    Scores are the kernel's, of every pair: no index, no recall to tune.
    """
    n = len(benchmark.gallery)
    kept = min(n, max(KEPT, k_of_published_top1(n)))
    nearest = np.full((len(queries), kept), -1, np.int32)
    right_ranks: list[tuple[int, ...]] = []
    place = np.empty(n, np.int64)
    for number, order in enumerate(_orders(benchmark, queries, gallery)):
        nearest[number, : len(order)] = order[:kept]
        place[order] = np.arange(len(order))
        right = list(benchmark.queries[number].right)
        right_ranks.append(tuple(np.sort(place[right]).tolist()))
    return Ranking(nearest, tuple(right_ranks), n)


def reordered(
    ranking: Ranking, benchmark: Benchmark, lists: Mapping[int, Sequence[int]]
) -> Ranking:
    """Put the rows a re-ranker lists for a query first, in its order; the others follow as
    they were. `lists` goes by the number of the query; those not in it stay as they are.

    Raises DataError for a row that is not among the candidates of its query.
    """
    nearest, right_ranks = ranking.nearest.copy(), list(ranking.right_ranks)
    for number, listed in lists.items():
        before = [row for row in ranking.nearest[number].tolist() if row >= 0]
        strangers = set(listed) - set(before)
        if strangers or len(set(listed)) < len(listed):
            query = benchmark.queries[number].id
            what = f"{benchmark.gallery[min(strangers)].id}" if strangers else "one image twice"
            raise DataError(
                f"the re-ranked list of {query} has {what}: it must hold, once each, images "
                f"among the first {len(before)} of the retrieval"
            )
        after = [*listed, *(row for row in before if row not in set(listed))]
        nearest[number, : len(after)] = after
        right = set(benchmark.queries[number].right)
        moved = [place for place, row in enumerate(after) if row in right]
        beyond = [place for place in ranking.right_ranks[number] if place >= len(before)]
        right_ranks[number] = (*moved, *beyond)
    return Ranking(nearest, tuple(right_ranks), ranking.gallery)


def _orders(benchmark: Benchmark, queries: Rows, gallery: Rows) -> Iterator[NDArray[np.int64]]:
    """Give the rows searched for each query, best first."""
    done = 0
    for region, group in groupby(benchmark.queries, key=lambda query: query.region):
        stop = done + sum(1 for _ in group)
        first, last = benchmark.rows_of(region)
        while done < stop:
            block = queries[done : min(stop, done + QUERIES_AT_ONCE)]
            scores = _scores(block, gallery[first:last])
            yield from first + np.argsort(-scores, axis=1, kind="stable")
            done += len(block)


def _scores(queries: Rows, gallery: Rows) -> Rows:
    scores = np.empty((len(queries), len(gallery)), np.float32)
    for start in range(0, len(gallery), ROWS_AT_ONCE):
        rows = gallery[start : start + ROWS_AT_ONCE]
        found = top_k(queries, rows, len(rows))
        np.put_along_axis(scores[:, start : start + len(rows)], found.ids, found.scores, axis=1)
    return scores
