"""Results of rankers as a table: mean and spread over the seeds, paired gains over one of them.

A result is a mapping of `variant`, `seed` (None where nothing was drawn), `lists`, and what
`comparing.result` gives; a file of them holds one a line, as JSON.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import DataError
from edgegeo.evaluation.bootstrap import Difference, paired_difference

Results = Sequence[dict[str, Any]]


def gain(after: Results, before: Results) -> Difference:
    """Return the gain in Recall@1, each query's mean over the seeds, places drawn as blocks.

    All results must be of the same lists; DataError where their queries differ in number.
    """
    first, blocks = _rights(after)
    second, others = _rights(before)
    if blocks != others:
        raise DataError(f"results of different queries: {len(blocks)} and {len(others)}")
    return paired_difference(first.mean(0), second.mean(0), blocks)


def table(results: Results, lists: str, *against: str) -> str:
    """Return Markdown: the variants judged on `lists`, in the order they first appear.

    The last columns are the gains in Recall@1 over the variants `against`, with 95 % intervals.
    """
    of: dict[str, list[dict[str, Any]]] = {}
    for one in results:
        if one["lists"] == lists:
            of.setdefault(one["variant"], []).append(one)
    if unknown := [name for name in against if name not in of]:
        known = ", ".join(of) or "none"
        raise DataError(f"no result of {unknown[0]} on {lists}; there are {known}")
    columns = [lists, "seeds", "Recall@1", "AP", "median m", *(f"over {one}" for one in against)]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, some in of.items():
        seeds = len(some) if some[0]["seed"] is not None else "-"
        cells = [_spread([one[key] for one in some], places) for key, places in FIGURES.items()]
        gains = ["-" if name == one else _said(gain(some, of[one])) for one in against]
        lines.append(f"| {name} | {seeds} | {' | '.join([*cells, *gains])} |")
    return "\n".join(lines)


def _said(over: Difference) -> str:
    return f"{over.mean:+.3f} ({over.low:+.3f} to {over.high:+.3f})"


FIGURES = {"recall_at_1": 3, "ap": 3, "median_m": 2}  # and how many decimals


def _spread(values: Sequence[float | None], places: int) -> str:
    """Mean and, of more than one, standard deviation (divided by n - 1).

    >>> _spread([0.5, 0.7], 2), _spread([0.5], 2), _spread([None], 2)
    ('0.60 ± 0.14', '0.50', '-')
    """
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return "-"
    mean = f"{np.mean(known):.{places}f}"
    return mean if len(known) == 1 else f"{mean} ± {np.std(known, ddof=1):.{places}f}"


def _rights(results: Results) -> tuple[NDArray[np.float64], list[int]]:
    """Return (runs, q) of 0 and 1, and the place of each query."""
    sizes = [[len(text) for text in one["right"]] for one in results]
    if any(size != sizes[0] for size in sizes):
        raise DataError("results of different queries under one name")
    rows = [[int(letter) for text in one["right"] for letter in text] for one in results]
    blocks = [place for place, size in enumerate(sizes[0]) for _ in range(size)]
    return np.array(rows, np.float64), blocks
