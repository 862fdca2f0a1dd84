"""What a ranker learns from: the retriever's own first candidates of every training query.

    python -m training.mine_candidates university-1652 FOLDER --split train-drone-to-satellite \\
        --onnx sample4geo.onnx --px 384 --out runs/candidates.safetensors
    python -m training.mine_candidates naip DATA/naip --split train --model edgegeo/model
    python -m training.mine_candidates sues-200 FOLDER --split train-150-drone-to-satellite \\
        --embeddings q.npy g.npy --ids q.txt g.txt

Reads   any set of edgegeo/datasets, with the embeddings of our encoder (a model folder), of any
        ONNX encoder, or of another repository (.npy, and one id a line)
Writes  candidates.safetensors (--out): the first --top of every query with the ground truth
        forced in, retrieval scores, similarity, overlap and distance, and where all that came
        from; edgegeo/learn/candidate_file.py describes it
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgegeo.datasets import open_benchmark
from edgegeo.datasets.open import SETS
from edgegeo.errors import DataError, EdgegeoError
from edgegeo.learn.candidate_file import Candidates, write_candidates
from edgegeo.learn.mining import mine
from edgegeo.provenance import commit, versions
from training.embedding_source import check_source, embed, source_arguments


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m training.mine_candidates",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("set", choices=SETS, metavar="SET")
    p.add_argument("folder", type=Path, metavar="FOLDER")
    p.add_argument("--split", help="of the set; a wrong one gets the list of them")
    source_arguments(p)
    p.add_argument("--top", type=int, default=10, metavar="N", help="of every query, up to 100")
    p.add_argument("--out", type=Path, default=Path("candidates.safetensors"), metavar="FILE")
    return p


def run(args: argparse.Namespace) -> Candidates:
    check_source(args)
    if not args.out.parent.is_dir():
        raise DataError(f"cannot write {args.out}: its folder does not exist")
    whole = open_benchmark(args.set, args.folder, args.split)
    benchmark, queries, gallery, source = embed(whole, args)
    lost = [i for i, query in enumerate(benchmark.queries) if not query.right]
    if lost and args.bad_images == "skip":
        source["skipped_with_their_truth"] = [benchmark.queries[i].id for i in lost]
        queries = np.delete(queries, lost, axis=0)
        benchmark = benchmark.without(lost, ())
    provenance = {
        "set": args.set,
        "folder": str(args.folder.resolve()),
        "split": benchmark.split,
        "terms": benchmark.about.terms,
        **source,
        "commit": commit(),
        "versions": versions("opencv-python"),
    }
    candidates = mine(benchmark, queries, gallery, args.top, provenance)
    write_candidates(args.out, candidates)
    return candidates


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # else four lines for every GeoTIFF
    try:
        found = run(args)
    except (EdgegeoError, OSError) as error:
        print(f"mine_candidates: error: {error}", file=sys.stderr)
        return 2
    count, forced = len(found.query_ids), int(found.forced.sum())
    first = float((found.is_truth[:, 0] & ~found.forced).mean())
    print(f"{count} queries of {found.rows.shape[1]} candidates; retrieval Recall@1 {first:.4f}")
    print(f"ground truth forced in: {forced} queries ({forced / count:.2%})")
    for name in ("skipped_queries", "skipped_gallery", "skipped_with_their_truth"):
        if skipped := found.provenance.get(name):
            print(f"note: {len(skipped)} {name}, the first is {skipped[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
