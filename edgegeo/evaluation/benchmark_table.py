"""What a benchmark gave, as a Markdown table for a terminal or a README."""

from collections.abc import Mapping
from typing import Any


def benchmark_table(results: Mapping[str, Any]) -> str:
    """Return the results as Markdown: one line a metric, in percent where it is a share."""
    stages = [stage for stage in ("retrieval", "reranked") if stage in results]
    lines = [
        f"{results['set']}, {results['split']}: {results['queries']} queries, "
        f"{results['gallery']} gallery images",
        "",
        "| metric | " + " | ".join(stages) + " |",
        "|---" * (1 + len(stages)) + "|",
    ]
    for name in results["retrieval"]:
        if name != "intervals_95":
            cells = " | ".join(_cell(name, results[stage]) for stage in stages)
            lines.append(f"| {name} | {cells} |")
    if "reranking_gain" in results:
        gain = results["reranking_gain"]
        lines += ["", f"re-ranking gains {gain['mean']:+.4f} of Recall@1 (p = {gain['p']:.4f})"]
    return "\n".join([*lines, *(f"\nnote: {note}" for note in _remarks(results))])


def _cell(name: str, stage: Mapping[str, Any]) -> str:
    if name.startswith("dis_"):
        return f"{stage[name]:.1f} m"
    interval = stage["intervals_95"].get(name)
    spread = f" ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})" if interval else ""
    return f"{100 * stage[name]:.2f}{spread}"


def _remarks(results: Mapping[str, Any]) -> list[str]:
    remarks = list(results["notes"])
    if results["left_out"]:
        remarks.append(f"{results['left_out']} queries no gallery image is right for, left out")
    sizes = zip(("queries", "gallery"), results["published_size"], strict=True)
    for what, size in sizes:
        if size is not None and size != results[what]:
            remarks.append(
                f"{results[what]} of {size} {what}: not the published set, compare with no paper"
            )
    return remarks
