"""The learning rate as a function of the step: nothing to save, nothing to restore."""

import math


def warm_cosine(step: int, steps: int, warmup: int, peak: float) -> float:
    """Rise over `warmup` steps to `peak`, fall as a cosine to 0 at the last.

    >>> [round(warm_cosine(step, 100, 10, 1.0), 3) for step in (0, 9, 50, 100)]
    [0.1, 0.98, 0.5, 0.0]
    """
    warm = min(1.0, (step + 1) / max(1, warmup))
    return peak * warm * 0.5 * (1 + math.cos(math.pi * step / steps))
