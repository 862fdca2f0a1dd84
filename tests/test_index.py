"""Searching embeddings of one's own: what the index promises and what it refuses."""

import numpy as np
import pytest

from edgegeo import search
from edgegeo.errors import RangeError, ShapeError
from edgegeo.index import Index, coarse_rows
from tests.kernels.test_topk import unit_rows


def clustered(seed, n, d):
    rng = np.random.default_rng(seed)
    return unit_rows(rng, 40, d)[rng.integers(0, 40, n)] + 0.1 * unit_rows(rng, n, d)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("threads", [0, 1, 3])
def test_it_finds_what_the_full_search_finds(dtype, threads):
    rows = clustered(0, 5000, 48).astype(dtype)
    queries = rows[:7].astype(np.float32) + 0.01 * unit_rows(np.random.default_rng(1), 7, 48)
    index = Index(rows, threads=threads)
    ranges, bitmap = np.array([[100, 3000]]), np.full(625, 0b01010101, np.uint8)
    for chosen in ({}, {"ranges": ranges}, {"ranges": ranges, "bitmap": bitmap}):
        found = index.search(queries, 20, **chosen)
        expected = search.top_k(queries, rows, 20, **chosen)
        np.testing.assert_array_equal(found.ids, expected.ids)
        np.testing.assert_array_equal(found.scores, expected.scores)
    assert len(index) == 5000


def test_rescoring_four_times_as_many_finds_nearly_all():
    rows = clustered(2, 20_000, 64)
    queries = rows[:50] + 0.02 * unit_rows(np.random.default_rng(3), 50, 64)
    index = Index(rows, threads=2)
    found = index.search(queries, 10, certified=False)
    expected = search.top_k(queries, rows, 10)
    recall = np.mean(
        [len(set(a) & set(b)) / 10 for a, b in zip(found.ids, expected.ids, strict=True)]
    )
    assert recall >= 0.999
    same = found.ids == expected.ids
    np.testing.assert_array_equal(found.scores[same], expected.scores[same])


@pytest.mark.parametrize("certified", [True, False])
def test_fewer_rows_than_asked_for_are_padded(certified):
    index = Index(np.eye(9, dtype=np.float32), threads=1)
    found = index.search(
        np.ones((1, 9), np.float32), 4, ranges=np.array([[7, 9]]), certified=certified
    )
    assert found.ids.tolist() == [[7, 8, -1, -1]]
    assert found.scores.tolist() == [[1, 1, -np.inf, -np.inf]]


@pytest.mark.parametrize("certified", [True, False])
def test_rows_that_are_not_finite_come_last(certified):
    rows = np.eye(4, dtype=np.float32)
    rows[1, 2] = np.nan
    rows[2, 0] = np.inf
    found = Index(rows, threads=1).search(np.full((1, 4), -1, np.float32), 4, certified=certified)
    assert found.ids.tolist() == [[0, 3, 1, 2]]
    assert found.scores.tolist() == [[-1, -1, -np.inf, -np.inf]]


def test_rows_stay_where_they_are(tmp_path):
    np.save(tmp_path / "rows.npy", unit_rows(np.random.default_rng(4), 300, 16))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    index = Index(mapped, threads=1)
    assert np.shares_memory(index.rows, mapped)
    assert index.search(np.asarray(mapped[:5]), 1).ids[:, 0].tolist() == list(range(5))


def test_coarse_rows_of_a_part_are_those_of_the_whole(monkeypatch):
    rows = clustered(5, 100, 12)
    whole = coarse_rows(rows)
    monkeypatch.setattr("edgegeo.index.AT_ONCE", 33)
    for got, wanted in zip(coarse_rows(rows), whole, strict=True):
        np.testing.assert_array_equal(got, wanted)


ROWS = np.ones((6, 4), np.float32)


@pytest.mark.parametrize(
    "rows",
    [
        ROWS.astype(float),
        ROWS.astype(np.int8),
        ROWS[0],
        ROWS[:, ::2],
        np.asfortranarray(ROWS),
        ROWS[:, :0].copy(),
        np.zeros((1, 2**17), np.float32),
    ],
)
def test_other_rows_are_refused_not_copied(rows):
    with pytest.raises(ShapeError, match=r"rows must be \(n, d\) float32 or float16"):
        Index(rows)


def test_other_arguments_are_refused():
    with pytest.raises(RangeError, match="threads must be 0 or more"):
        Index(ROWS, threads=-1)
    index = Index(ROWS, threads=1)
    with pytest.raises(RangeError, match=r"k must be in \[1, 6\]"):
        index.search(ROWS, 7)
    with pytest.raises(ShapeError, match=r"queries must be \(q, 4\) float32"):
        index.search(ROWS.astype(np.int8), 1)
    with pytest.raises(ShapeError, match="bitmap must be"):
        index.search(ROWS, 1, bitmap=np.zeros(2, np.uint8))
    with pytest.raises(RangeError, match="ranges must be"):
        index.search(ROWS, 1, ranges=np.array([[0, 7]]))
    with pytest.raises(RangeError, match="finite unless certified"):
        index.search(np.full((1, 4), np.nan, np.float32), 1, certified=False)
