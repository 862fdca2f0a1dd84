"""How much better the tracker's output is than each frame alone, on simulated flights.

python -m tests.bench.bench_track            # prints one Markdown table

30 flights of a minute a row; errors are those of `tests/tracking/flights.py`. "given" is the share
of the output that is TRACKING or DEAD_RECKONING, "accepted" that of frames; "misleading" counts
outputs with an error over 50 m and a probability of 0.5 or more.
"""

import time

import numpy as np

from edgegeo.track import Tracker
from tests.tracking.flights import accepted_errors_m, fly, track

SEEDS = range(500, 530)
RATE_HZ = 4.0
KINDS = {
    "4 frames/s": {},
    "10 frames/s": {"rate_hz": 10.0},
    "no velocity": {"velocity_hz": 0},
    "20 s blackout": {"blackouts_s": ((20.0, 40.0),)},
    "attitude 0.5 degrees off, for 20 s": {"tilt_deg": 0.5},
    "camera mounted 1 degree askew": {"tilt_deg": 1.0, "tilt_s": 1e9},
    "5 % wrong, 30 % rejected, a run every 8 s": {
        "run_every_s": 8.0,
        "wrong": 0.05,
        "rejected": 0.3,
    },
}


def row(kind: dict) -> str:
    outputs, alone, exposed, start = [], [], 0, time.process_time()
    for seed in SEEDS:
        flight = fly(seed, **kind)
        outputs += track(flight, Tracker())
        alone += accepted_errors_m(flight)
        exposed += round(flight.seconds * kind.get("rate_hz", RATE_HZ))
    given = [o for o in outputs if o.given]
    error_m = np.array([o.error_m for o in given])
    distance2 = np.array([o.distance2 for o in given])
    misleading = sum(o.error_m > 50 and o.estimate.probability >= 0.5 for o in given)
    cells = [
        *(f"{np.median(alone):.1f}", f"{np.percentile(alone, 95):.1f}"),
        *(f"{np.median(error_m):.1f}", f"{np.percentile(error_m, 95):.1f}"),
        f"{error_m.max():.1f}",
        *(f"{len(alone) / exposed:.3f}", f"{len(given) / len(outputs):.3f}"),
        *(f"{np.mean(distance2 < 1):.2f}", f"{np.mean(distance2 < 4):.2f}"),
        str(misleading),
        f"{1e3 * (time.process_time() - start) / len(outputs):.1f}",
    ]
    return " | ".join(cells)


def main() -> None:
    print(
        "| flights | frame median m | p95 | tracker median m | p95 | max | accepted | given | "
        "in 1 sigma | in 2 | misleading | CPU ms an output |\n" + "|---" * 12 + "|"
    )
    for name, kind in KINDS.items():
        print(f"| {name} | {row(kind)} |", flush=True)


if __name__ == "__main__":
    main()
