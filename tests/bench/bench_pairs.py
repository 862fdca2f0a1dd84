"""How long K candidates' stored tokens take to become one batch, and what prefetching gains.

python -m tests.bench.bench_pairs [FOLDER]   # prints two Markdown tables; needs edgegeo[train]

The limit is a copy of the bytes that are written, by as many threads. All that can write into an
array that is there do, so that none of them pays for new pages; ONNX Runtime cannot. For the second
table a file in FOLDER, the current one by default, is dropped from the system's cache before each
turn: it tells of the disk there.
"""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper

from edgegeo import pairs
from edgegeo.search import Pool
from edgegeo.timing import medians_ms

K, REPEATS, REST_S = 32, 101, 0.005  # others' threads spin after their work
TOKENS = [(64, 192), (256, 32)]
ROWS, COLD_ROWS, COLD_REPEATS = 4096, 16384, 25


def session(t: int, c: int, threads: int) -> onnxruntime.InferenceSession:
    """Gather, then DequantizeLinear with a scale a row."""
    nodes = [
        helper.make_node("Gather", ["tokens", "ids"], ["some"], axis=0),
        helper.make_node("Gather", ["scales", "ids"], ["their"], axis=0),
        helper.make_node("DequantizeLinear", ["some", "their"], ["batch"], axis=0),
    ]
    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.INT8, [ROWS, t, c]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [ROWS]),
        helper.make_tensor_value_info("ids", TensorProto.INT64, [K]),
    ]
    batch = helper.make_tensor_value_info("batch", TensorProto.FLOAT, [K, t, c])
    graph = helper.make_graph(nodes, "pairs", inputs, [batch])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def contestants(t: int, c: int, threads: int) -> dict[str, Callable[[], object]]:
    rng = np.random.default_rng(0)
    tokens = rng.integers(-127, 128, (ROWS, t, c), dtype=np.int8)
    scales = rng.random(ROWS, dtype=np.float32)
    out, source = np.zeros((2, K, t, c), np.float32)
    half = np.zeros((K, t, c), np.float16)
    stored, stored_scales, batch, other = map(torch.from_numpy, (tokens, scales, out, source))
    pool, ort = Pool(threads), session(t, c, threads)
    given = {"tokens": tokens, "scales": scales}
    values = {n: onnxruntime.OrtValue.ortvalue_from_numpy(array) for n, array in given.items()}

    drawn = itertools.cycle(rng.integers(0, ROWS, (REPEATS, K), dtype=np.int32))

    def some() -> np.ndarray:  # others in every run
        return next(drawn)

    def with_numpy() -> None:
        ids = some()
        np.multiply(scales[ids, None, None], tokens[ids], out=out)

    def with_numpy_as_it_comes() -> None:
        ids = some()
        scales[ids, None, None] * tokens[ids].astype(np.float32)

    def with_torch() -> None:
        ids = torch.from_numpy(some())
        torch.mul(stored_scales[ids, None, None], stored[ids], out=batch)

    def with_ort() -> None:
        ids = onnxruntime.OrtValue.ortvalue_from_numpy(some().astype(np.int64))
        ort.run_with_ort_values(["batch"], values | {"ids": ids})

    return {
        "edgegeo": lambda: pairs.gather(tokens, scales, some(), out=out, pool=pool),
        "edgegeo, float16": lambda: pairs.gather(
            tokens, scales, some(), dtype=np.float16, out=half, pool=pool
        ),
        "a copy of the bytes written": lambda: batch.copy_(other),
        "NumPy": with_numpy,
        "NumPy, into a new array": with_numpy_as_it_comes,
        "torch": with_torch,
        "ONNX Runtime": with_ort,
    }


def warm() -> None:
    print(f"{K} of {ROWS} tiles, drawn anew each run, median of {REPEATS}, interleaved\n")
    print("| tokens | threads | who | us | times edgegeo |\n|---|---|---|---|---|")
    for t, c in TOKENS:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            runs = contestants(t, c, threads)
            ms = medians_ms([*runs.values()], REPEATS, REST_S)
            for name, each in zip(runs, ms, strict=True):
                print(f"| {t} x {c} | {threads} | {name} | {1e3 * each:.0f} ", end="")
                print(f"| {each / ms[0]:.2f} |")


def cold(folder: str | None) -> None:
    t, c = TOKENS[1]
    rng = np.random.default_rng(0)
    scales = rng.random(COLD_ROWS, dtype=np.float32)
    out = np.zeros((K, t, c), np.float32)
    print(f"\n{K} of {COLD_ROWS} tiles of {t} x {c} in a file that is not in memory, ", end="")
    print(f"median of {COLD_REPEATS}\n\n| what | ms |\n|---|---|")
    with tempfile.NamedTemporaryFile(dir=folder or Path.cwd(), suffix=".npy") as file:
        np.save(file.name, rng.integers(-127, 128, (COLD_ROWS, t, c), dtype=np.int8))
        os.sync()  # what is not yet on the disk cannot be dropped

        def timed(prefetch: bool) -> float:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            tokens = np.asarray(np.load(file.name, mmap_mode="r"))
            ids = rng.integers(0, COLD_ROWS, K, dtype=np.int32)
            start = time.perf_counter()
            if prefetch:
                pairs.prefetch(tokens, ids)
            pairs.gather(tokens, scales, ids, out=out)
            return 1e3 * (time.perf_counter() - start)

        times = [[timed(prefetch) for prefetch in (False, True)] for _ in range(COLD_REPEATS)]
        for name, ms in zip(("gather", "prefetch, gather"), np.median(times, 0), strict=True):
            print(f"| {name} | {ms:.2f} |")
        tokens = np.asarray(np.load(file.name, mmap_mode="r"))
        in_memory = partial(pairs.prefetch, tokens, np.arange(K, dtype=np.int32))
        in_memory()
        time.sleep(0.5)
        print(f"| prefetch of what is in memory | {medians_ms([in_memory])[0]:.3f} |")


if __name__ == "__main__":
    warm()
    cold(sys.argv[1] if len(sys.argv) > 1 else None)
