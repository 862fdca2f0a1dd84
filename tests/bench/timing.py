"""How benchmarks take time: medians of interleaved runs, so that a busy machine hits all alike."""

import time
from collections.abc import Callable, Sequence

import numpy as np


def medians_ms(runs: Sequence[Callable[[], object]], repeats: int = 15) -> list[float]:
    """Return the median milliseconds of each run; contestants take turns."""
    for run in runs:
        run()  # warm up
    times = np.empty((repeats, len(runs)))
    for row in times:
        for i, run in enumerate(runs):
            start = time.perf_counter()
            run()
            row[i] = time.perf_counter() - start
    return [float(ms) for ms in 1e3 * np.median(times, axis=0)]
