"""From the rows of a run, or of several pooled, to the figures of results.json."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import DataError
from edgegeo.evaluation import metrics
from edgegeo.evaluation.bootstrap import interval_of_rate, paired_difference
from edgegeo.evaluation.row import Row

WITHIN_M = (5, 20, 50)
RIGHT_M = 20.0  # `probability` is that of an error of at most this


def summarise(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Return every rate with its 95 % interval, errors, calibration and time.

    Rates are shares of all frames, located or not. Errors and ellipses are of accepted
    frames. Calibration is of all frames: a rejected one should have a low probability.
    """
    if not rows:
        raise DataError("no frame was evaluated")
    blocks = [row.block for row in rows]
    accepted = np.array([row.accepted for row in rows])
    errors_m = np.array([np.inf if row.error_m is None else row.error_m for row in rows])
    of_accepted = errors_m[accepted]

    flags = rate_flags(rows)
    rates = {name: metrics.rate(values) for name, values in flags.items()}
    intervals = {name: interval_of_rate(v, blocks, seed=seed) for name, v in flags.items()}
    gain = paired_difference(
        flags["recall_at_1_reranked"], flags["recall_at_1_retrieval"], blocks, seed=seed
    )

    table = metrics.reliability([row.probability for row in rows], errors_m <= RIGHT_M)
    sigmas = [row.sigmas for row in rows if row.accepted and row.sigmas is not None]
    ms = np.array([row.ms for row in rows])
    return {
        "frames": len(rows),
        "accepted": int(accepted.sum()),
        "rejects": dict(sorted(Counter(row.reject for row in rows if row.reject).items())),
        **rates,
        "median_error_m": metrics.quantile_m(of_accepted, 0.5),
        "p95_error_m": metrics.quantile_m(of_accepted, 0.95),
        "intervals_95": {name: list(interval) for name, interval in intervals.items()},
        "blocks": len(set(blocks)),
        "reranking_gain": gain._asdict(),
        "ece": metrics.expected_calibration_error(table),
        "reliability": [
            {
                "low": row.low,
                "high": row.high,
                "count": row.frames,
                "mean_probability": row.mean_probability,
                "share_right": row.share_right,
            }
            for row in table
        ],
        "inside_1_sigma": metrics.coverage(sigmas, 1.0),
        "inside_2_sigma": metrics.coverage(sigmas, 2.0),
        "p50_ms": float(np.quantile(ms, 0.5)),
        "p99_ms": float(np.quantile(ms, 0.99)),
        "stages_p50_ms": {
            stage: float(np.median([row.stages_ms[stage] for row in rows]))
            for stage in rows[0].stages_ms
        },
    }


def rate_flags(rows: Sequence[Row]) -> dict[str, NDArray[np.bool_]]:
    """Return, by name of the rate, whether each frame counts towards it."""
    accepted = np.array([row.accepted for row in rows])
    errors_m = np.array([np.inf if row.error_m is None else row.error_m for row in rows])
    flags = {
        "recall_at_1_retrieval": np.array([row.right_at_1_retrieval for row in rows]),
        "recall_at_1_reranked": np.array([row.right_at_1_reranked for row in rows]),
        "recall_at_10_retrieval": np.array([row.right_at_10_retrieval for row in rows]),
    }
    for limit_m in WITHIN_M:
        flags[f"within_{limit_m}m"] = metrics.located_within(errors_m, accepted, limit_m)
    flags["misleading"] = metrics.misleading(errors_m, accepted)
    flags["accepted_share"] = accepted
    flags["reranked_share"] = np.array([row.reranked for row in rows])
    flags["no_vision_within_20m"] = np.array([row.no_vision_error_m <= RIGHT_M for row in rows])
    return flags
