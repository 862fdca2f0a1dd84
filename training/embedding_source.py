"""Where a script takes its embeddings from: our encoder, any ONNX encoder, or files."""

import argparse
from pathlib import Path
from typing import Any

from edgegeo.datasets import Benchmark
from edgegeo.errors import DataError
from edgegeo.evaluation.image_encoder import ImageEncoder, encoder_of_model, encoder_of_onnx
from edgegeo.evaluation.ranking import Rows
from edgegeo.evaluation.written_embeddings import read_embeddings

OF_ONNX = ("px", "mean", "std", "output")


def source_arguments(p: argparse.ArgumentParser) -> None:
    source = p.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=Path, metavar="DIR", help="model folder of ours")
    source.add_argument("--onnx", type=Path, metavar="FILE", help="any encoder (b, 3, px, px)")
    source.add_argument("--embeddings", type=Path, nargs=2, metavar=("QUERIES", "GALLERY"))
    p.add_argument("--ids", type=Path, nargs=2, metavar=("QUERIES", "GALLERY"))
    p.add_argument("--px", type=int, metavar="N", help="side of --onnx's input")
    p.add_argument("--mean", type=float, nargs=3, help="of --onnx; ImageNet's by default")
    p.add_argument("--std", type=float, nargs=3, help="of --onnx; ImageNet's by default")
    p.add_argument("--output", metavar="NAME", help="of --onnx; the first by default")
    p.add_argument("--fit", choices=("stretch", "crop"), default="stretch", help="to a square")
    p.add_argument("--bad-images", choices=("error", "skip"), default="error")
    p.add_argument("--threads", type=int, default=0, metavar="N", help="0 for all cores")


def check_source(args: argparse.Namespace) -> None:
    """Refuse what would be ignored."""
    if bool(args.embeddings) != bool(args.ids):
        raise DataError("--embeddings QUERIES GALLERY and --ids go together, one id a line")
    for name in OF_ONNX:
        if getattr(args, name) is not None and not args.onnx:
            raise DataError(f"--{name} is for --onnx")


def embed(
    benchmark: Benchmark, args: argparse.Namespace
) -> tuple[Benchmark, Rows, Rows, dict[str, Any]]:
    """Return what can be judged, its unit rows, and what was left out of it."""
    if args.embeddings:
        queries, gallery = (
            read_embeddings(path, ids, [image.id for image in images])
            for path, ids, images in zip(
                args.embeddings, args.ids, (benchmark.queries, benchmark.gallery), strict=True
            )
        )
        if queries.shape[1] != gallery.shape[1]:
            raise DataError(f"the embeddings differ in width: {queries.shape}, {gallery.shape}")
        return benchmark, queries, gallery, {"encoder": [str(path) for path in args.embeddings]}
    encoder = encoder_of(args)
    skip_bad = args.bad_images == "skip"
    queries, bad_queries = encoder.encode(
        benchmark.queries, what="queries", fit=args.fit, skip_bad=skip_bad, progress=True
    )
    gallery, bad_gallery = encoder.encode(
        benchmark.gallery, what="gallery images", fit=args.fit, skip_bad=skip_bad, progress=True
    )
    skipped = {
        "encoder": encoder.name,
        "px": encoder.px,
        "fit": args.fit,
        "skipped_queries": [benchmark.queries[i].id for i in bad_queries],
        "skipped_gallery": [benchmark.gallery[i].id for i in bad_gallery],
    }
    return benchmark.without(bad_queries, bad_gallery), queries, gallery, skipped


def encoder_of(args: argparse.Namespace) -> ImageEncoder:
    if args.model:
        return encoder_of_model(args.model, args.threads)
    given = {name: getattr(args, name) for name in OF_ONNX if getattr(args, name) is not None}
    return encoder_of_onnx(args.onnx, threads=args.threads, **given)
