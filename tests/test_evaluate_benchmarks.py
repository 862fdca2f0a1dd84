"""Which figures a set gets, and their values for a ranking laid out by hand."""

import numpy as np
import pytest

from edgegeo.datasets import About, Benchmark, Convention, GalleryImage, Geo, Plane, Query
from edgegeo.datasets.pictures import ImageFile
from edgegeo.evaluation.benchmark_table import benchmark_table
from edgegeo.evaluation.benchmarks import summarise_ranking
from edgegeo.evaluation.ranking import Ranking

NOWHERE = ImageFile("nowhere")
PLANE = [Plane(1000.0 * i, 0.0) for i in range(6)]
GEO = [Geo(30.0 + 1e-4 * i, 120.0) for i in range(6)]


def benchmark_of(convention, at, side_m=None, **more):
    """Six gallery images in a row; two queries, at the first and at the second of them."""
    return Benchmark(
        about=About(title="a set", layout="", source="", terms="none"),
        split="test",
        convention=convention,
        queries=tuple(
            Query(id=f"q{i}", picture=NOWHERE, right=(i,), block=f"{i}", at=at[i]) for i in range(2)
        ),
        gallery=tuple(
            GalleryImage(id=f"g{i}", picture=NOWHERE, at=place, side_m=side_m)
            for i, place in enumerate(at)
        ),
        **more,
    )


# The first query finds itself; the second finds its neighbour first, itself second.
RANKING = Ranking(
    np.array([[0, 1, 2, 3, 4, 5], [2, 1, 0, 3, 4, 5]], np.int32), ((0,), (1,)), gallery=6
)


def test_university_1652():
    found = summarise_ranking(benchmark_of(Convention.UNIVERSITY, [None] * 6), RANKING)["retrieval"]
    assert found.pop("intervals_95").keys() == {"recall_at_1", "recall_at_5", "recall_at_10"}
    assert found == {
        "recall_at_1": 0.5,
        "recall_at_5": 1.0,
        "recall_at_10": 1.0,
        "recall_at_1_percent": 0.5,
        "recall_top1_as_published": 0.5,
        "ap_university": (1 + 0.25) / 2,
    }


def test_denseuav_counts_in_degrees_and_in_metres_on_a_sphere():
    found = summarise_ranking(benchmark_of(Convention.DENSEUAV, GEO), RANKING)["retrieval"]
    off = np.exp(-0.5)  # one place: 1e-4 degrees, 11.1 m
    assert found["sdm_denseuav_at_1"] == pytest.approx((1 + off) / 2)
    first = (3 + 2 * off + off**2) / 6  # weights 3, 2, 1; 0, 1, 2 places off
    second = (3 * off + 2 + off) / 6
    assert found["sdm_denseuav_at_3"] == pytest.approx((first + second) / 2)
    assert "sdm_denseuav_at_10" not in found  # six candidates
    assert [found[f"ma_at_{m}m"] for m in (5, 10, 20)] == [0.5, 0.5, 1.0]
    assert found["ap_university"] == 0.625


def test_game4loc_counts_in_metres():
    benchmark = benchmark_of(Convention.GAME4LOC, PLANE, side_m=500.0)
    found = summarise_ranking(benchmark, RANKING)["retrieval"]
    assert found["ap_game4loc"] == 0.75
    assert found["dis_at_1_m"] == 500.0
    assert found["dis_at_3_m"] == (3000 + 2000) / 3 / 2
    assert found["sdm_game4loc_at_1"] == pytest.approx((1 + np.exp(-1)) / 2)
    near, far = 1 / (1 + np.exp(-5.4)), 1 / (1 + np.exp(6 * (2 - 0.9)))
    assert found["pdm_at_1"] == pytest.approx((near + far) / 2)
    assert "ap_university" not in found


def test_places_on_the_earth_are_measured_on_the_ellipsoid():
    found = summarise_ranking(benchmark_of(Convention.GAME4LOC, GEO), RANKING)["retrieval"]
    assert found["dis_at_1_m"] == pytest.approx(11.085 / 2, abs=1e-3)
    assert "pdm_at_1" not in found  # tiles of no known side


def test_fewer_candidates_than_k_leave_the_metric_out():
    short = Ranking(np.array([[0, 1, -1], [2, 1, 0]], np.int32), ((0,), (1,)), gallery=6)
    found = summarise_ranking(benchmark_of(Convention.GAME4LOC, PLANE), short)["retrieval"]
    assert "dis_at_1_m" in found
    assert "dis_at_3_m" not in found


def test_a_query_that_cannot_be_answered_counts_as_missed():
    lost = Ranking(RANKING.nearest, ((0,), ()), gallery=6)
    found = summarise_ranking(benchmark_of(Convention.UNIVERSITY, [None] * 6), lost)["retrieval"]
    assert found["recall_at_10"] == 0.5
    assert found["ap_university"] == 0.5
    metres = summarise_ranking(benchmark_of(Convention.GAME4LOC, PLANE), lost)["retrieval"]
    assert metres["ap_game4loc"] == 1.0  # Game4Loc's mean is over queries with a right image


def test_a_re_ranking_is_judged_beside_the_retrieval():
    better = Ranking(RANKING.nearest, ((0,), (0,)), gallery=6)
    results = summarise_ranking(benchmark_of(Convention.UNIVERSITY, [None] * 6), RANKING, better)
    assert results["retrieval"]["recall_at_1"] == 0.5
    assert results["reranked"]["recall_at_1"] == 1.0
    assert results["reranking_gain"]["mean"] == 0.5
    table = benchmark_table(results)
    assert "| metric | retrieval | reranked |" in table
    assert "| recall_at_1_percent | 50.00 | 100.00 |" in table
    assert "re-ranking gains +0.5000 of Recall@1" in table


def test_the_table_says_what_makes_a_figure_incomparable():
    benchmark = benchmark_of(
        Convention.GAME4LOC, PLANE, left_out=3, published=(2, 14_640), notes=("labels are off",)
    )
    table = benchmark_table(summarise_ranking(benchmark, RANKING))
    assert table.startswith("a set, test: 2 queries, 6 gallery images\n")
    assert "| dis_at_1_m | 500.0 m |" in table
    assert "note: labels are off" in table
    assert "note: 3 queries no gallery image is right for" in table
    assert "note: 6 of 14640 gallery: not the published set" in table
    assert "queries: not the published" not in table
