"""Judge retrieval, and re-ranking, on a benchmark of the field or a folder of one's own.

    python -m training.benchmark university-1652 FOLDER --model edgegeo/model
    python -m training.benchmark gta-uav FOLDER --split same-area --onnx other.onnx --px 384
    python -m training.benchmark denseuav FOLDER --embeddings q.npy g.npy --ids q.txt g.txt
    python -m training.benchmark naip FOLDER --model edgegeo/model --candidates top10.jsonl
    python -m training.benchmark naip FOLDER --model edgegeo/model --reranked mine.jsonl

Sets    university-1652 sues-200 denseuav gta-uav uav-visloc naip truth; what each expects,
        where to get it and on what terms: edgegeo/datasets/, or the error for a wrong folder
Prints  the set's own metrics as a table; every one is defined in
        edgegeo/evaluation/ranking_metrics.py
Writes  results.json (--out), and with --candidates the first ones of each query, for a
        re-ranker, whose answer in the same form --reranked judges
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgegeo import durable
from edgegeo.datasets import open_benchmark
from edgegeo.datasets.open import SETS
from edgegeo.errors import DataError, EdgegeoError
from edgegeo.evaluation.benchmark_table import benchmark_table
from edgegeo.evaluation.benchmarks import summarise_ranking
from edgegeo.evaluation.candidate_lists import read_lists, write_candidates
from edgegeo.evaluation.ranking import rank, reordered
from edgegeo.provenance import commit, versions
from training.embedding_source import check_source, embed, source_arguments

CANDIDATES = 10  # what the field's re-rankers are given


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m training.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("set", choices=SETS, metavar="SET")
    p.add_argument("folder", type=Path, metavar="FOLDER")
    p.add_argument("--split", help="of the set; a wrong one gets the list of them")
    source_arguments(p)
    p.add_argument("--reranked", type=Path, metavar="JSONL", help="a re-ranker's answer")
    p.add_argument("--candidates", type=Path, metavar="JSONL", help="write a re-ranker's input")
    p.add_argument("--top", type=int, default=CANDIDATES, metavar="K", help="of them, up to 100")
    p.add_argument("--out", type=Path, default=Path("results.json"), metavar="JSON")
    return p


def check(args: argparse.Namespace) -> None:
    """Refuse what would be ignored, and a result that could not be written."""
    check_source(args)
    for path in (args.out, args.candidates):
        if path is not None and not path.parent.is_dir():
            raise DataError(f"cannot write {path}: its folder does not exist")


def run(args: argparse.Namespace) -> dict[str, Any]:
    check(args)
    whole = open_benchmark(args.set, args.folder, args.split)
    benchmark, queries, gallery, encoded = embed(whole, args)
    retrieval = rank(benchmark, queries, gallery)
    reranked = None
    if args.candidates:
        write_candidates(args.candidates, benchmark, retrieval, args.top)
    if args.reranked:
        reranked = reordered(retrieval, benchmark, read_lists(args.reranked, benchmark))
    results = summarise_ranking(benchmark, retrieval, reranked)
    results["settings"] = {"folder": str(args.folder), **encoded}
    if args.reranked:
        results["settings"]["reranked"] = str(args.reranked)
    results |= {"commit": commit(), "versions": versions("opencv-python")}
    text = json.dumps(results, indent=1, allow_nan=False) + "\n"
    durable.write_file(args.out, text.encode())
    return results


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # else four lines for every GeoTIFF
    try:
        results = run(args)
    except (EdgegeoError, OSError) as error:
        print(f"benchmark: error: {error}", file=sys.stderr)
        return 2
    print(benchmark_table(results))
    for what in ("skipped_queries", "skipped_gallery"):
        if skipped := results["settings"].get(what):
            print(f"\nnote: {len(skipped)} {what}, the first is {skipped[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
