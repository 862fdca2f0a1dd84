"""Take the rows of several runs as one, or compare two runs frame by frame.

python -m edgegeo.evaluation.pool brighton.jsonl caliterra.jsonl
python -m edgegeo.evaluation.pool ours.jsonl --against theirs.jsonl

Reads what `edgegeo evaluate --rows` wrote; prints Markdown.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from edgegeo.errors import DataError, EdgegeoError
from edgegeo.evaluation.bootstrap import Difference, paired_difference
from edgegeo.evaluation.row import Row, read_rows
from edgegeo.evaluation.summary import rate_flags, summarise
from edgegeo.evaluation.table import results_table

COMPARED = ("within_5m", "within_20m", "within_50m", "misleading")


def pool(runs: Sequence[Sequence[Row]]) -> list[Row]:
    """Return the rows of all runs; blocks and frames of two runs are never the same one."""
    return [
        replace(row, block=f"run {i} {row.block}", frame=f"run {i} {row.frame}")
        for i, rows in enumerate(runs)
        for row in rows
    ]


def compare(ours: Sequence[Row], theirs: Sequence[Row], seed: int = 0) -> dict[str, Difference]:
    """Return by rate how much `ours` is above `theirs` on the same frames.

    Raises DataError when the two runs are not of the same frames in the same order.
    """
    if [row.frame for row in ours] != [row.frame for row in theirs]:
        raise DataError(f"the runs are not of the same frames: {len(ours)} and {len(theirs)} rows")
    after, before = rate_flags(ours), rate_flags(theirs)
    blocks = [row.block for row in ours]
    return {n: paired_difference(after[n], before[n], blocks, seed=seed) for n in COMPARED}


def main(argv: Sequence[str] | None = None) -> int:
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("rows", nargs="+", metavar="JSONL")
    p.add_argument("--against", nargs="+", metavar="JSONL", default=[])
    args = p.parse_args(argv)
    try:
        ours = pool([read_rows(path) for path in args.rows])
        print(results_table(summarise(ours)))
        if args.against:
            gains = compare(ours, pool([read_rows(path) for path in args.against]))
            print("\n| above the other run by | mean | 95 % interval | p |\n|---|---|---|---|")
            for name, d in gains.items():
                print(f"| {name} | {d.mean:+.3f} | {d.low:+.3f} to {d.high:+.3f} | {d.p:.4f} |")
    except EdgegeoError as error:
        print(f"edgegeo: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
