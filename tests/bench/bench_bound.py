"""What any tracker could make of the rehearsed flight, and what it would take to halve its errors.

python -m tests.bench.bench_bound            # prints one Markdown table

The way is that of the procedural flight of bench_flight, the noises those that its autopilot's
double states; `frame_m` is what its frames were measured to be off on the ground. A row changes
what it names. The bound is explained in tests/tracking/bound.py.
"""

import math
from dataclasses import replace

import numpy as np

from tests.fly.autopilot_double import ATTITUDE_DEG, VELOCITY_M_S
from tests.fly.scenes import Procedural
from tests.tracking.bound import Noises, frame_and_least_p95_m

SECONDS, GAP_S = 300.0, 0.25
HEIGHT_M = Procedural().height_m
REHEARSED = Noises(
    attitude_m=HEIGHT_M * math.radians(ATTITUDE_DEG),
    attitude_s=20.0,
    velocity_m_s=VELOCITY_M_S,
    velocity_s=15.0,
    frame_m=0.5,
)
CHANGES = {
    "as rehearsed": {},
    "frames without any error": {"frame_m": 0.01},
    "frames 2 m off": {"frame_m": 2.0},
    "frames 4 m off": {"frame_m": 4.0},
    "attitude 0.1 degrees off": {"attitude_m": HEIGHT_M * math.radians(0.1)},
    "attitude off by the same all along": {"attitude_s": 1e9},
    "velocity 0.03 m/s off": {"velocity_m_s": 0.03},
    "velocity 0.03 m/s off, frames 1 m off": {"velocity_m_s": 0.03, "frame_m": 1.0},
}


def headings_deg(reach_m: float = 250.0) -> np.ndarray:
    """Return (n,) headings of the procedural flight, GAP_S apart."""
    scene = Procedural(reach_m=reach_m)
    return np.array([scene.state(k * GAP_S).heading_deg for k in range(round(SECONDS / GAP_S))])


def main() -> None:
    print(
        "| procedural flight | frame p95 m | least p95 m of any tracker | ratio at most |\n"
        "|---|---|---|---|"
    )
    rows = [(name, headings_deg(), replace(REHEARSED, **c)) for name, c in CHANGES.items()]
    rows += [
        (f"eights of a fifth the size, {name}", headings_deg(50.0), replace(REHEARSED, **c))
        for name, c in (("as rehearsed", {}), ("attitude off all along", {"attitude_s": 1e9}))
    ]
    for name, headings, noises in rows:
        alone_m, least_m = frame_and_least_p95_m(headings, GAP_S, noises)
        print(f"| {name} | {alone_m:.2f} | {least_m:.2f} | {alone_m / least_m:.2f} |", flush=True)


if __name__ == "__main__":
    main()
