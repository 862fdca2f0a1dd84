"""Print the README's tables from the results that training/measure.sh wrote.

python -m training.results_table OUT
"""

import json
import sys
from pathlib import Path
from typing import Any


def share(results: dict[str, Any], name: str) -> str:
    low, high = results["intervals_95"][name]
    return f"{results[name]:.3f} ({low:.2f}-{high:.2f})"


def metres(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def row(name: str, r: dict[str, Any]) -> str:
    return (
        f"| {name} | {r['frames']} | {share(r, 'recall_at_1_retrieval')} "
        f"| {share(r, 'recall_at_1_reranked')} | {share(r, 'within_20m')} "
        f"| {metres(r['median_error_m'])} / {metres(r['p95_error_m'])} "
        f"| {share(r, 'misleading')} | {r['accepted'] / r['frames']:.3f} "
        f"| {r['no_vision_within_20m']:.3f} | {r['p50_ms']:.0f} |"
    )


def main(out: Path) -> None:
    print(
        "| set | frames | Recall@1 retrieval | re-ranked | within 20 m | error m, median / 95 % "
        "| misleading | accepted | no vision | ms |\n" + "|---" * 10 + "|"
    )
    found = {p.stem: json.loads(p.read_text()) for p in sorted(out.glob("*.json"))}
    for name, results in found.items():
        print(row(name, results))
    print("\n| set | ECE | inside 1 sigma | inside 2 sigma | within 5 m |\n" + "|---" * 5 + "|")
    for name, r in found.items():
        if r["accepted"]:
            print(
                f"| {name} | {r['ece']:.3f} | {r['inside_1_sigma']:.2f} "
                f"| {r['inside_2_sigma']:.2f} | {r['within_5m']:.3f} |"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
