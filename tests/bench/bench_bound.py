"""What any tracker could make of the rehearsed flight, and what it would take to halve its errors.

    python -m tests.bench.bench_bound                               # one Markdown table
    python -m tests.bench.bench_bound --video DATA/nadir_video      # and the way of the video

The way is that of the procedural flight of bench_flight, the noises those that its autopilot's
double states; `frame_m` is what its frames were measured to be off on the ground. A row changes
what it names. The bound is explained in tests/tracking/bound.py.
"""

import argparse
import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.fly.autopilot_double import ATTITUDE_DEG, VELOCITY_M_S
from tests.fly.scenes import Procedural, Recorded
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
VIDEO_FRAME_M = 1.3  # less the 1.6 m that all its frames are off together
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


def headings_deg(scene=None) -> np.ndarray:
    """Return (n,) headings of a scene, GAP_S apart; by default of the procedural flight."""
    scene = scene or Procedural()
    count = round(min(SECONDS, scene.seconds) / GAP_S)
    return np.array([scene.state(k * GAP_S).heading_deg for k in range(count)])


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--video", type=Path)
    args = p.parse_args()
    print(
        "| flight | frame p95 m | least p95 m of any tracker | ratio at most |\n|---|---|---|---|"
    )
    way, small = headings_deg(), headings_deg(Procedural(reach_m=50.0))
    rows = [(name, way, replace(REHEARSED, **c)) for name, c in CHANGES.items()]
    rows += [
        (f"eights of a fifth the size, {name}", small, replace(REHEARSED, **c))
        for name, c in (("as rehearsed", {}), ("attitude off all along", {"attitude_s": 1e9}))
    ]
    if args.video:
        video = Recorded(args.video)
        leaning_m = video.state(0.0).height_m * math.radians(ATTITUDE_DEG)
        noises = replace(REHEARSED, attitude_m=leaning_m, frame_m=VIDEO_FRAME_M)
        rows.append((args.video.name, headings_deg(video), noises))
    for name, headings, noises in rows:
        alone_m, least_m = frame_and_least_p95_m(headings, GAP_S, noises)
        print(f"| {name} | {alone_m:.2f} | {least_m:.2f} | {alone_m / least_m:.2f} |", flush=True)


if __name__ == "__main__":
    main()
