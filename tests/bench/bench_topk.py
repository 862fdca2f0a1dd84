"""How long one exact search takes, per target, row type, gallery size and batch.

python -m tests.bench.bench_topk            # prints one Markdown table
"""

from functools import partial

import numpy as np

from edgegeo import _core
from edgegeo.search import quantise_rows
from edgegeo.timing import medians_ms

K, REPEATS = 32, 15


def stored(rows, dtype):
    return quantise_rows(rows) if dtype == "int8" else (rows.astype(dtype), None)


def unit_rows(rng, n, d):
    rows = rng.standard_normal((n, d), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"k={K}, one thread, median of {REPEATS}; error against float64 sums\n")
    print("| tiles | width | rows | queries | target | ms | GB/s | largest error |")
    print("|---|---|---|---|---|---|---|---|")
    for tiles in (10_000, 100_000):
        rows = unit_rows(rng, tiles, 256)
        for dtype in ("float32", "float16", "int8"):
            for q in (1, 3):
                report(dtype, rows[:q], *stored(rows, dtype))
    rows = unit_rows(rng, 10_000, 512)
    for query_dtype in ("float32", "int8"):  # three copies, nine shifts each
        queries, query_scales = stored(rows[:27], query_dtype)
        report("int8", queries, *stored(rows, "int8"), query_scales)


def report(dtype, queries, gallery, scales, query_scales=None) -> None:
    runs = [
        partial(_core.top_k, queries, gallery, K, scales, None, t, query_scales)
        for t in _core.TARGETS
    ]
    for target, run, ms in zip(_core.TARGETS, runs, medians_ms(runs, REPEATS), strict=True):
        ids, scores = run()
        exact = np.einsum("qd,qkd->qk", queries.astype(float), gallery[ids].astype(float))
        exact *= 1 if scales is None else scales[ids]
        exact *= 1 if query_scales is None else query_scales[:, None]
        error = np.abs(scores - exact).max()
        speed = gallery.nbytes / ms / 1e6
        print(f"| {len(gallery)} | {gallery.shape[1]} | {dtype} ", end="")
        print(f"| {len(queries)} {queries.dtype} | {target} ", end="")
        print(f"| {ms:.2f} | {speed:.1f} | {error:.1e} |")


if __name__ == "__main__":
    main()
