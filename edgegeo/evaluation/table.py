"""Results as one Markdown table for a terminal or a README."""

from collections.abc import Mapping
from typing import Any


def results_table(results: Mapping[str, Any]) -> str:
    """Return rates with their 95 % intervals, then errors, calibration and time."""
    rejects = ", ".join(f"{count} {name}" for name, count in results["rejects"].items())
    lines = [
        f"{results['frames']} frames, {results['accepted']} accepted"
        + (f", rejected: {rejects}" if rejects else ""),
        "",
        "| of all frames | share | 95 % interval |",
        "|---|---|---|",
    ]
    for name, (low, high) in results["intervals_95"].items():
        lines.append(f"| {name} | {results[name]:.3f} | {low:.3f} to {high:.3f} |")
    lines += [
        "",
        _ranker(results),
        f"error of accepted: median {_metres(results['median_error_m'])}, "
        f"95 % below {_metres(results['p95_error_m'])}",
        f"calibration error {_share(results['ece'])}, inside 1 sigma "
        f"{_share(results['inside_1_sigma'])}, inside 2 sigma {_share(results['inside_2_sigma'])}",
        f"{results['p50_ms']:.1f} ms a frame, 99 % below {results['p99_ms']:.1f} ms",
    ]
    return "\n".join(lines)


def _ranker(results: Mapping[str, Any]) -> str:
    if not results["reranked_share"] and not results["stages_p50_ms"].get("rank"):
        return "ranker unused"
    gain = results["reranking_gain"]
    return (
        f"re-ranking gains {gain['mean']:+.3f} of Recall@1 "
        f"({gain['low']:+.3f} to {gain['high']:+.3f}, p = {gain['p']:.4f})"
    )


def _metres(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} m"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
