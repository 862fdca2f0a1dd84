"""What the gate before the ranker saves, on frames whose position is known.

    python -m tests.bench.bench_gate ENGINE FRAMES TRUTH [--no-heading] [--no-gsd] [--count 60]

One run, each frame by turns with the engine's gate and without it; headings told with errors of
10 degrees, scales with 10 %. The accuracy of both ways is `edgegeo evaluate`'s and calibrate's.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgegeo.evaluation.noise import NoiseProtocol, disturb
from edgegeo.localizer import Localizer
from edgegeo.sources import open_frames
from edgegeo.truth import read_truth


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("engine", type=Path)
    p.add_argument("frames", type=Path)
    p.add_argument("truth", type=Path)
    p.add_argument("--no-heading", action="store_true")
    p.add_argument("--no-gsd", action="store_true")
    p.add_argument("--count", type=int, default=60, help="frames, evenly over the table")
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    args = p.parse_args()
    source = open_frames(args.frames)
    table = read_truth(args.truth, numbered=source.numbered)
    table = tuple(table[i] for i in np.linspace(0, len(table) - 1, args.count).astype(int))
    known = disturb(table, NoiseProtocol(no_heading=args.no_heading, no_gsd=args.no_gsd))
    given = dict(zip((row.name for row in table), known, strict=True))
    gated, whole = (Localizer(args.engine, threads=args.threads) for _ in range(2))
    if gated.calibration.gate is None:
        raise SystemExit(f"{args.engine} has no gate: training.calibrate fits one")
    whole.calibration = replace(whole.calibration, gate=None)
    ms = np.empty((2, args.repeats, len(table)))
    reranked = []
    for at, frame in enumerate(source.select(list(given))):
        now = given[frame.name]
        told = {"heading_deg": now.heading_deg, "gsd_m": now.gsd_m}
        reranked.append(gated.locate(frame.image, **told).reranked)
        for repeat in range(args.repeats):
            for way, localizer in enumerate((gated, whole)):
                start = time.perf_counter()
                localizer.locate(frame.image, **told)
                ms[way, repeat, at] = 1e3 * (time.perf_counter() - start)
    one, other = np.median(ms, axis=1)
    again = np.array(reranked)
    print(
        f"{len(table)} frames, {again.mean():.2f} re-ranked, {args.threads} threads, "
        f"median of {args.repeats}, model {gated.manifest.model_id}\n"
    )
    print("| frames | with the gate, ms | without, ms | ratio |\n|---|---|---|---|")
    for name, of in (("all", again | True), ("settled", ~again), ("re-ranked", again)):
        if of.any():
            a, b = one[of].mean(), other[of].mean()
            print(f"| {name} | {a:.1f} | {b:.1f} | {a / b:.2f} |")


if __name__ == "__main__":
    main()
