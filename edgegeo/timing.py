"""How time is taken: medians of interleaved runs, so that a busy machine hits all alike."""

import time
from collections.abc import Callable, Sequence

import numpy as np


def medians_ms(
    runs: Sequence[Callable[[], object]],
    repeats: int = 15,
    rest_s: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Return the median milliseconds of each run by a clock; contestants take turns.

    `rest_s` is slept before each: the threads of a library that spin for a while after its work
    is done, as PyTorch's do, would slow whatever comes next.
    """
    for run in runs:
        run()  # warm up
    times = np.empty((repeats, len(runs)))
    for row in times:
        for i, run in enumerate(runs):
            time.sleep(rest_s)
            start = clock()
            run()
            row[i] = clock() - start
    return [float(ms) for ms in 1e3 * np.median(times, axis=0)]
