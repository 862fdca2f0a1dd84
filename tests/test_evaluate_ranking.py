"""The order of a gallery, region by region, and what a re-ranker may do to it."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo.datasets import About, Benchmark, Convention, GalleryImage, Query
from edgegeo.datasets.pictures import ImageFile
from edgegeo.errors import DataError
from edgegeo.evaluation import ranking
from edgegeo.evaluation.ranking import rank, reordered

ABOUT = About(title="a set", layout="", source="", terms="")
NOWHERE = ImageFile("nowhere")


def benchmark_of(rights, gallery, regions=None, query_regions=None):
    regions = regions or [None] * gallery
    query_regions = query_regions or [None] * len(rights)
    return Benchmark(
        about=ABOUT,
        split="",
        convention=Convention.UNIVERSITY,
        queries=tuple(
            Query(id=f"q{i}", picture=NOWHERE, right=right, block=f"{i}", region=region)
            for i, (right, region) in enumerate(zip(rights, query_regions, strict=True))
        ),
        gallery=tuple(
            GalleryImage(id=f"g{i}", picture=NOWHERE, region=region)
            for i, region in enumerate(regions)
        ),
    )


def unit_rows(n, d, seed=0):
    x = np.random.default_rng(seed).standard_normal((n, d), np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("n", [1, 5, 64, 65, 200])
def test_ranks_are_those_of_a_plain_sort(n):
    queries, gallery = unit_rows(9, 8, 1), unit_rows(n, 8, 2)
    rights = [(i % n,) if i % 2 else tuple(sorted({i % n, n - 1})) for i in range(9)]
    found = rank(benchmark_of(rights, n), queries, gallery)
    order = np.argsort(-(queries.astype(np.float64) @ gallery.T), axis=1)
    np.testing.assert_array_equal(found.nearest, order[:, : found.nearest.shape[1]])
    place = np.argsort(order, axis=1)
    for number, right in enumerate(rights):
        assert found.right_ranks[number] == tuple(sorted(place[number, list(right)]))


def test_many_queries_are_taken_in_blocks():
    count = ranking.QUERIES_AT_ONCE + 3
    queries, gallery = unit_rows(count, 4), unit_rows(count, 4)
    found = rank(benchmark_of([(i,) for i in range(count)], count), queries, gallery)
    assert found.right_ranks == ((0,),) * count


def test_equal_scores_go_to_the_lower_row():
    gallery = np.ones((70, 1), np.float32)
    found = rank(benchmark_of([(69, 3)], 70), gallery[:1], gallery)
    assert found.nearest[0].tolist() == list(range(70))
    assert found.right_ranks == ((3, 69),)


def test_a_region_is_searched_alone():
    gallery = np.eye(5, dtype=np.float32)
    regions, asked = ["a", "a", "b", "b", "b"], ["b", "a"]
    queries = np.array([[1, 0, 0, 0.2, 0.1], [0, 0.1, 1, 0, 0]], np.float32)
    found = rank(benchmark_of([(4,), (1,)], 5, regions, asked), queries, gallery)
    assert found.nearest.tolist() == [[3, 4, 2, -1, -1], [1, 0, -1, -1, -1]]
    assert found.right_ranks == ((1,), (0,))


def test_right_flags_go_as_far_as_asked():
    found = ranking.Ranking(np.zeros((2, 1), np.int32), ((0, 2), ()), 3)
    assert found.right(3).tolist() == [[True, False, True], [False] * 3]
    assert found.right(2).tolist() == [[True, False], [False] * 2]


@pytest.fixture
def ten():
    """One query; of ten images, in the order of their rows, 4 and 9 are right."""
    benchmark = benchmark_of([(4, 9)], 10)
    gallery = np.linspace(1, 0.1, 10, dtype=np.float32)[:, None]
    return benchmark, rank(benchmark, np.ones((1, 1), np.float32), gallery)


def test_listed_candidates_come_first_and_the_rest_follow(ten):
    benchmark, before = ten
    after = reordered(before, benchmark, {0: [4, 2]})
    assert after.nearest[0].tolist() == [4, 2, 0, 1, 3, 5, 6, 7, 8, 9]
    assert (before.right_ranks, after.right_ranks) == (((4, 9),), ((0, 9),))
    assert before.nearest[0, 0] == 0


def test_a_query_that_is_not_listed_stays(ten):
    benchmark, before = ten
    assert reordered(before, benchmark, {}).right_ranks == before.right_ranks


def test_ranks_beyond_the_candidates_stay(ten, monkeypatch):
    benchmark, _ = ten
    monkeypatch.setattr(ranking, "KEPT", 5)
    gallery = np.linspace(1, 0.1, 10, dtype=np.float32)[:, None]
    before = rank(benchmark, np.ones((1, 1), np.float32), gallery)
    assert reordered(before, benchmark, {0: [4]}).right_ranks == ((0, 9),)
    with pytest.raises(DataError, match=r"list of q0 has g9.*among the first 5"):
        reordered(before, benchmark, {0: [9]})


def test_one_image_twice_is_an_error(ten):
    benchmark, before = ten
    with pytest.raises(DataError, match="has one image twice"):
        reordered(before, benchmark, {0: [4, 4]})


def test_an_unanswerable_query_has_no_rank():
    benchmark = replace(benchmark_of([(0,)], 2)).without([], [0])
    found = rank(benchmark, np.ones((1, 1), np.float32), np.ones((1, 1), np.float32))
    assert found.right_ranks == ((),)
