"""How long one exact search takes, per target, row type, gallery size and batch.

python -m tests.bench.bench_topk            # prints one Markdown table
"""

from functools import partial

import numpy as np

from edgegeo import _core
from tests.bench.timing import medians_ms

WIDTH, K, REPEATS = 256, 32, 15


def stored(rows, dtype):
    if dtype != "int8":
        return rows.astype(dtype), None
    scales = np.abs(rows).max(axis=1, keepdims=True) / 127
    return np.rint(rows / scales).astype(np.int8), scales[:, 0].astype(np.float32)


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"d={WIDTH}, k={K}, one thread, median of {REPEATS}; error against float64 sums\n")
    print("| tiles | rows | queries | target | ms | GB/s | largest error |")
    print("|---|---|---|---|---|---|---|")
    for tiles in (10_000, 100_000):
        rows = rng.standard_normal((tiles, WIDTH), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        for dtype in ("float32", "float16", "int8"):
            gallery, scales = stored(rows, dtype)
            for q in (1, 3):
                report(tiles, dtype, rows[:q], gallery, scales)


def report(tiles, dtype, queries, gallery, scales) -> None:
    runs = [partial(_core.top_k, queries, gallery, K, scales, None, t) for t in _core.TARGETS]
    for target, run, ms in zip(_core.TARGETS, runs, medians_ms(runs, REPEATS), strict=True):
        ids, scores = run()
        exact = np.einsum("qd,qkd->qk", queries.astype(float), gallery[ids].astype(float))
        exact *= 1 if scales is None else scales[ids]
        error = np.abs(scores - exact).max()
        speed = gallery.nbytes / ms / 1e6
        print(f"| {tiles} | {dtype} | {len(queries)} | {target} | {ms:.2f} | {speed:.1f} ", end="")
        print(f"| {error:.1e} |")


if __name__ == "__main__":
    main()
