"""Exact search beside what else one could use, in one process, contestants taking turns.

    python -m tests.bench.bench_topk [--rows 1000000] [--width 256] [--repeats 9] [--only PART]
    python -m tests.bench.bench_topk --engine FIELD.edgegeo     # a real gallery's embeddings

Prints one Markdown table. The peers come by `pip install -e '.[bench]'`; those not there are named.
Times are medians of calls from Python, k is 32. "the limit" is what reading the rows' bytes takes
over eight streams a thread, in the same run. Every contestant is held against the exact ids before
it is timed. Errors are against float64; peers of 8 bits get one scale for all rows.
"""

import argparse
import os
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin on would slow the next one

import numpy as np

from edgegeo import _core, search
from edgegeo.engine import open_engine
from edgegeo.index import Coarse, coarse_rows
from edgegeo.timing import medians_ms
from tests.bench import topk_peers
from tests.bench.reading import reader

K, QUERIES, SMALL, FRAME_S = 32, 8, 10_000, 0.033


def unit(x):
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x


def clustered(rng, n, d):
    """A city: many places look like others. Distances as those of a real gallery, not random."""
    centres = rng.standard_normal((n // 500 + 1, d), dtype=np.float32)
    rows = 0.5 * rng.standard_normal((n, d), dtype=np.float32)
    rows += centres[rng.integers(0, len(centres), n)]
    return unit(rows)


def turned(rng, gallery):
    """A gallery's embeddings as float32, turned at random: the same inner products, and no more
    what int8 holds without an error."""
    rows = gallery.embeddings * gallery.embedding_scales[:, None]
    turn = np.linalg.qr(rng.standard_normal((rows.shape[1], rows.shape[1])))[0]
    return unit((rows @ turn).astype(np.float32))


class Ours:
    """The same rows in three types, and the pools."""

    def __init__(self, rows: np.ndarray, kinds: tuple[str, ...]) -> None:
        self.rows = rows
        self.coarse: Coarse = coarse_rows(rows)
        self.half = rows.astype(np.float16) if "16 bit" in kinds else None
        self.pools: dict[int, search.Pool] = {}

    def pool(self, threads: int) -> search.Pool:
        return self.pools.setdefault(threads, search.Pool(threads))

    def stored(self, kind: str) -> np.ndarray:
        return {"int8": self.coarse.rows, "16 bit": self.half, "float32": self.rows}[kind]

    def search(self, kind: str, threads: int, queries: np.ndarray, **chosen):
        given = {"pool": self.pool(threads), **chosen}
        if kind != "int8":
            return search.top_k(queries, self.stored(kind), K, **given)
        int8, scales = search.quantise_rows(queries)
        given |= {"scales": self.coarse.scales, "query_scales": scales}
        return search.top_k(int8, self.coarse.rows, K, **given)

    def certified(self, threads: int, queries: np.ndarray):
        return _core.certified_top_k(queries, self.rows, *self.coarse, K, pool=self.pool(threads))

    def rescored(self, threads: int, queries: np.ndarray, k: int = K):
        int8, scales = search.quantise_rows(queries)
        first = _core.top_k(
            int8,
            self.coarse.rows,
            4 * k,
            self.coarse.scales,
            query_scales=scales,
            pool=self.pool(threads),
        )
        return _core.rescore(queries, self.rows, first[0], k, self.pool(threads))


class Table:
    def __init__(self, repeats: int, threads: list[int]) -> None:
        self.repeats, self.threads, self.read = repeats, threads, reader()
        print("| search | threads | edgegeo ms | the limit ms | of the limit | best peer | its ms |"
              " times faster | other peers ms | error |\n" + "|---" * 10 + "|")  # fmt: skip

    def row(self, name, threads, ours, peers, read=None, error="", calls=1, rest_s=0.0) -> None:
        """Time `ours` and all `peers`, callables, and the reading of an array."""
        runs = {"edgegeo": ours, **peers}
        if read is not None and self.read is not None:
            runs["limit"] = partial(self.read, read, threads)
        again = [partial(repeated, run, calls) for run in runs.values()]
        times = medians_ms(again, self.repeats, rest_s)
        ms = dict(zip(runs, (each / calls for each in times), strict=True))
        mine, limit = ms.pop("edgegeo"), ms.pop("limit", None)
        order = sorted(ms, key=ms.get)
        best = (
            [order[0], f"{ms[order[0]]:.3g}", f"{ms[order[0]] / mine:.2f}"] if order else [""] * 3
        )
        others = ", ".join(f"{peer} {ms[peer]:.3g}" for peer in order[1:])
        limits = ["", ""] if limit is None else [f"{limit:.3g}", f"{mine / limit:.2f}"]
        cells = [name, str(threads), f"{mine:.3g}", *limits, *best, others, error]
        print("| " + " | ".join(cells) + " |", flush=True)


def repeated(run, calls: int) -> None:
    for _ in range(calls):
        run()


def held_to(exact_ids, name, found, least=0.6) -> None:
    """A peer that finds something else is not timed."""
    shared = [len(set(a) & set(b)) / len(b) for a, b in zip(found, exact_ids, strict=True)]
    if np.mean(shared) < least:
        raise SystemExit(f"{name} finds {np.mean(shared):.2f} of the exact best {K}")


def error_of(found, queries, rows) -> str:
    exact = np.einsum("qd,qkd->qk", queries.astype(float), rows[found.ids].astype(float))
    return f"{np.abs(found.scores - exact).max():.0e}"


def whole(table: Table, ours: Ours, queries, label: str, **timed) -> None:
    """Every row type beside its peers."""
    rows = ours.rows
    exact = search.top_k(queries, rows, K).ids
    for kind in ("int8", "16 bit", "float32"):
        for threads in table.threads:
            found = ours.search(kind, threads, queries)
            peers = topk_peers.peers(kind, rows, K, threads)
            for name, run in peers.items():
                held_to(exact, name, run(queries))
            for q in (1, QUERIES) if len(rows) > SMALL else (1,):
                some = queries[:q]
                table.row(
                    f"{label}, {kind}, {q} at once",
                    threads,
                    partial(ours.search, kind, threads, some),
                    {name: partial(run, some) for name, run in peers.items()},
                    ours.stored(kind),
                    error_of(found, queries, rows),
                    **timed,
                )


def filtered(table: Table, ours: Ours, queries) -> None:
    n = len(ours.rows)
    stop = n // 10
    ranges = np.array([[0, stop]])
    wanted = np.random.default_rng(1).random(n) < 0.1
    bitmap, one = np.packbits(wanted, bitorder="little"), queries[:1]
    for threads in table.threads:
        peers = {}
        if "FAISS" not in topk_peers.absent():
            peers = dict(topk_peers.faiss_filtered(ours.rows, K, threads, bitmap, stop))
        for kind, chosen in (("Range", {"ranges": ranges}), ("Bitmap", {"bitmap": bitmap})):
            run = partial(ours.search, "int8", threads, one, **chosen)
            expected = search.top_k(one, ours.rows, K, **chosen).ids
            held_to(expected, "edgegeo", run().ids)
            some = {name: partial(each, one) for name, each in peers.items() if kind in name}
            for name, each in some.items():
                held_to(expected, name, each())
            read = ours.coarse.rows[:stop]
            table.row(f"{n:,}, int8, a tenth as {kind.lower()}", threads, run, some, read)


def exact_ones(table: Table, ours: Ours, queries, label: str) -> None:
    """Certified and re-scored beside the exact float32 searches."""
    exact = search.top_k(queries, ours.rows, K)
    ids, scores, rescored = ours.certified(table.threads[-1], queries)
    same = np.array_equal(ids, exact.ids) and np.array_equal(scores, exact.scores)
    ten = ours.rescored(1, queries, 10)[0]
    shared = [len(set(a) & set(b)) / 10 for a, b in zip(ten, exact.ids[:, :10], strict=True)]
    note = f"identical: {same}, {np.median(rescored):.0f} rows rescored"
    one = queries[:1]
    for threads in table.threads:
        peers = topk_peers.peers("float32", ours.rows, K, threads)
        some = {name: partial(run, one) for name, run in peers.items()}
        certified = partial(ours.certified, threads, one)
        table.row(f"{label}, certified", threads, certified, some, ours.coarse.rows, note)
        recall = f"recall@10 {np.mean(shared):.4f} of {len(queries)} queries"
        again = partial(ours.rescored, threads, one)
        table.row(f"{label}, int8 and 4 k rescored", threads, again, {}, ours.coarse.rows, recall)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--width", type=int, default=256)
    p.add_argument("--repeats", type=int, default=9)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--only", choices=("small", "large", "filtered", "certified"))
    p.add_argument("--engine", type=Path, help="certified and re-scored on its gallery instead")
    args = p.parse_args()
    rng = np.random.default_rng(0)
    threads = sorted({1, args.threads})
    print(
        f"{_core.TARGETS[-1]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, k {K}, ",
        end="",
    )
    print(f"median of {args.repeats}; left out: {', '.join(topk_peers.absent()) or 'none'}\n")
    table = Table(args.repeats, threads)
    if args.engine:
        rows = turned(rng, open_engine(args.engine).gallery)
        seen = rows[rng.integers(0, len(rows), 100)]
        noise = unit(rng.standard_normal(seen.shape, dtype=np.float32))
        exact_ones(table, Ours(rows, ()), unit(seen + 0.2 * noise), f"{len(rows):,} real")
        return
    queries = unit(rng.standard_normal((QUERIES, args.width), dtype=np.float32))
    if args.only in (None, "small"):
        small = Ours(unit(rng.standard_normal((SMALL, args.width), dtype=np.float32)), ("16 bit",))
        whole(table, small, queries, f"{SMALL:,}, hot", calls=20)
        whole(table, small, queries, f"{SMALL:,}, after {1e3 * FRAME_S:.0f} ms", rest_s=FRAME_S)
    if args.only in (None, "large", "filtered"):
        rows = unit(rng.standard_normal((args.rows, args.width), dtype=np.float32))
        ours = Ours(rows, ("16 bit",))
        if args.only != "filtered":
            whole(table, ours, queries, f"{args.rows:,}")
        if args.only != "large":
            filtered(table, ours, queries)
        del rows, ours  # gigabytes
    if args.only in (None, "certified"):
        ours = Ours(clustered(rng, args.rows, args.width), ())
        seen = ours.rows[rng.integers(0, args.rows, 100)]
        exact_ones(table, ours, unit(seen + 0.2 * queries[:1]), f"{args.rows:,} clustered")


if __name__ == "__main__":
    main()
