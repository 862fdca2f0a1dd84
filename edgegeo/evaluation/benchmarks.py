"""From a ranked gallery to the figures its set's papers report."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.datasets.records import Benchmark, Convention, Geo
from edgegeo.evaluation import ranking_metrics as field
from edgegeo.evaluation.bootstrap import interval_of_rate, paired_difference
from edgegeo.evaluation.metrics import recall_at
from edgegeo.evaluation.ranking import Ranking
from edgegeo.geodesy import distance_m

RECALL_KS = (1, 5, 10)
DENSEUAV_KS = (1, 3, 5, 10)
GAME4LOC_KS = (1, 3, 5)
MA_M = (5, 10, 20)

Figures = dict[str, float]


def summarise_ranking(
    benchmark: Benchmark, retrieval: Ranking, reranked: Ranking | None = None, seed: int = 0
) -> dict[str, Any]:
    """Return the set's metrics of the retrieval and, where there is one, of the re-ranking.

    Every share is of all queries that were asked; one whose right images are all missing
    counts as missed. 95 % intervals are those of Recall@K, drawn by blocks of queries that
    are not independent; `reranking_gain` is the paired difference of Recall@1.
    """
    blocks = [query.block for query in benchmark.queries]
    results: dict[str, Any] = {
        "set": benchmark.about.title,
        "split": benchmark.split,
        "queries": len(benchmark.queries),
        "gallery": len(benchmark.gallery),
        "left_out": benchmark.left_out,
        "published_size": list(benchmark.published),
        "blocks": len(set(blocks)),
        "terms": benchmark.about.terms,
        "notes": list(benchmark.notes),
    }
    stages = {"retrieval": retrieval} | ({"reranked": reranked} if reranked else {})
    for name, ranking in stages.items():
        results[name] = figures(benchmark, ranking)
        results[name]["intervals_95"] = {
            f"recall_at_{k}": list(interval_of_rate(_found(ranking, k), blocks, seed=seed))
            for k in RECALL_KS
        }
    if reranked is not None:
        gain = paired_difference(_found(reranked, 1), _found(retrieval, 1), blocks, seed=seed)
        results["reranking_gain"] = gain._asdict()
    return results


def figures(benchmark: Benchmark, ranking: Ranking) -> dict[str, Any]:
    """Return by name what papers on this set report, from one ranking.

    A metric at K is left out where a query has fewer than K candidates.
    """
    one_percent = field.k_of_one_percent(ranking.gallery)
    published = field.k_of_published_top1(ranking.gallery)
    right = ranking.right(max(*RECALL_KS, published)).tolist()
    found: Figures = {f"recall_at_{k}": recall_at(right, k) for k in RECALL_KS}
    found["recall_at_1_percent"] = recall_at(right, one_percent)
    found["recall_top1_as_published"] = recall_at(right, published)
    if benchmark.convention is Convention.GAME4LOC:
        return found | _game4loc(benchmark, ranking)
    found["ap_university"] = float(np.mean([field.ap_university(r) for r in ranking.right_ranks]))
    if benchmark.convention is Convention.DENSEUAV:
        found |= _denseuav(benchmark, ranking)
    return found


def _game4loc(benchmark: Benchmark, ranking: Ranking) -> Figures:
    precisions = [field.ap_game4loc(ranks) for ranks in ranking.right_ranks]
    known = [precision for precision in precisions if precision is not None]
    found = {"ap_game4loc": float(np.mean(known)) if known else 0.0}
    nearest = _complete(ranking, GAME4LOC_KS)
    apart_m = _apart_m(benchmark, nearest)
    sides = [image.side_m for image in benchmark.gallery]
    ks = [k for k in GAME4LOC_KS if k <= nearest.shape[1]]
    found |= {f"sdm_game4loc_at_{k}": field.sdm_game4loc(apart_m, k) for k in ks}
    found |= {f"dis_at_{k}_m": field.dis_m(apart_m, k) for k in ks}
    if None not in sides:
        ratios = apart_m / np.array(sides, np.float64)[nearest]
        found |= {f"pdm_at_{k}": field.pdm(ratios, k) for k in ks}
    return found


def _denseuav(benchmark: Benchmark, ranking: Ranking) -> Figures:
    nearest = _complete(ranking, DENSEUAV_KS)
    query_at, gallery_at = _places(benchmark)
    asked, given = query_at[:, None], gallery_at[nearest]
    apart_deg = np.hypot(*np.moveaxis(given - asked, -1, 0))
    found = {
        f"sdm_denseuav_at_{k}": field.sdm_denseuav(apart_deg, k)
        for k in DENSEUAV_KS
        if k <= nearest.shape[1]
    }
    first_m = field.haversine_m(*query_at.T, *gallery_at[nearest[:, 0]].T)
    return found | {f"ma_at_{limit}m": field.ma_denseuav(first_m, limit) for limit in MA_M}


def _complete(ranking: Ranking, ks: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the first columns that hold a candidate for every query, at most max(ks)."""
    nearest = ranking.nearest[:, : max(ks)]
    return nearest[:, : int((nearest >= 0).all(axis=0).sum())]


def _apart_m(benchmark: Benchmark, nearest: NDArray[np.int32]) -> NDArray[np.float64]:
    query_at, gallery_at = _places(benchmark)
    asked, given = query_at[:, None], gallery_at[nearest]
    if isinstance(benchmark.queries[0].at, Geo):
        return distance_m(*np.moveaxis(given, -1, 0), *np.moveaxis(asked, -1, 0))
    return np.asarray(np.hypot(*np.moveaxis(given - asked, -1, 0)), np.float64)


def _places(benchmark: Benchmark) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (q, 2) and (n, 2) float64."""
    query_at = np.array([query.at for query in benchmark.queries], np.float64)
    return query_at, np.array([image.at for image in benchmark.gallery], np.float64)


def _found(ranking: Ranking, k: int) -> NDArray[np.bool_]:
    return np.asarray(ranking.right(k).any(axis=1))
