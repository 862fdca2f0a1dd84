"""How a whole flight does in real time: output, ages, errors, blackouts, faults, CPU and memory.

    python -m tests.bench.bench_flight OUT                             # procedural, 300 s
    python -m tests.bench.bench_flight OUT --video DATA/nadir_video    # a real video, once
    python -m tests.bench.bench_flight OUT --faults                    # procedural, one fault a row
    python -m tests.bench.bench_flight OUT --load 1800                 # CPU and memory, looped

Prints Markdown. The loop, the localizer, the tracker, the link and the log are real; the camera (30
frames a second, rendered or decoded here) and the autopilot (a process of its own) are doubles. The
autopilot's errors are stated in tests/fly/autopilot_double.py. The engines are built in OUT.
"""

import argparse
import os
import re
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from edgegeo.building.build import build
from edgegeo.localizer import Localizer
from edgegeo.sighting import State
from tests.autopilot.listening import free_port
from tests.fly.rehearsal import Faults, Flown, rehearse
from tests.fly.scenes import Procedural, Recorded

RATE_HZ = 10.0
FOR_A_FAULT_S, FAULT_S = 40.0, 15.0
FAULTS = {
    "none": {},
    "camera stalls for 3 s": {"stall": [(15, 18)]},
    "camera unplugged for a moment": {"dies": [15.0]},
    "lens covered for 5 s": {"dark": [(15, 20)]},
    "lens covered for 20 s": {"dark": [(15, 35)]},
    "line to the autopilot cut for 3 s": {"silent": [(15, 18)]},
    "line to the autopilot cut for 10 s": {"silent": [(15, 25)]},
    "autopilot's clock jumps by 30 s": {"jumps": [(15, 30.0)]},
    "autopilot's clock jumps back by 60 s": {"jumps": [(15, -60.0)]},
    "localizer restarted, away for 2 s": {"restart": [(15, 17)]},
    "another place shown for 0.8 s": {"spoof": [(15, 15.8)]},
}


def flown(scene, localizer, seconds: float, *, keep: bool = True, **faults) -> Flown:
    with tempfile.TemporaryDirectory() as folder:
        return rehearse(
            scene,
            lambda _: localizer,
            Path(folder),
            free_port(),
            seconds,
            faults=Faults(**faults),
            rate_hz=RATE_HZ,
            keep=keep,
        )


def figures(f: Flown) -> dict[str, str]:
    """The figures of a flight without faults."""
    heard = [p for p in f.positions() if p["held_s"] <= f.seconds]
    error = np.array([p["error_m"] for p in heard])
    distance2 = np.array(f.distances2())
    frames = np.array(f.frame_errors_m())
    first_s = heard[0]["held_s"]
    slots = max(len(heard), round((f.seconds - first_s) * RATE_HZ))
    gaps = np.diff([p["at_s"] for p in heard])
    ages = [1e-3 * e.age_us for e in f.estimates if e.state in GIVEN]
    looked = sum(f.tally.values())
    return {
        "frames looked at a second": f"{looked / f.seconds:.1f}",
        "frames accepted": f"{f.tally['accepted'] / looked:.3f}",
        "output Hz (10 asked)": f"{len(heard) / (f.seconds - first_s):.2f}",
        "longest gap s": f"{gaps.max():.2f}",
        "fix age ms p50 / p99": " / ".join(f"{v:.0f}" for v in np.percentile(ages, (50, 99))),
        "time to first fix s": f"{first_s:.1f}",
        "output within 20 m": f"{(error <= 20).sum() / slots:.3f}",
        "within 50 m": f"{(error <= 50).sum() / slots:.3f}",
        "misleading (over 50 m)": str(int((error > 50).sum())),
        "output error m p50 / p95 / max": _three(error),
        "accepted frame error m p50 / p95 / max": _three(frames),
        "p95 ratio": f"{np.percentile(frames, 95) / np.percentile(error, 95):.2f}",
        "within 1 / 2 sigma (0.39 / 0.86)": " / ".join(
            f"{np.mean(distance2 < sigmas**2):.2f}" for sigmas in (1, 2)
        ),
        "error over 3 eph": f"{np.mean(error > 3 * np.array([p['eph'] for p in heard])):.4f}",
        "locate ms p50 / p99": " / ".join(
            f"{v:.0f}" for v in np.percentile([s["locate"] for s in f.stages_ms], (50, 99))
        ),
    }


GIVEN = (State.TRACKING, State.DEAD_RECKONING)


def _three(values) -> str:
    return " / ".join(f"{v:.1f}" for v in np.percentile(values, (50, 95, 100)))


def fault_row(f: Flown, end_s: float) -> str:
    heard = f.positions()
    during = [p for p in heard if FAULT_S <= p["held_s"] < end_s + 3]
    after = [1e-6 * e.time_us - f.start_s for e in f.estimates if e.state is State.TRACKING]
    silent = sum(b - a for a, b in f.silences_s() if a >= FAULT_S - 1)
    back_s = next((t for t in after if t >= end_s), np.nan) - end_s
    worst = max((p["error_m"] for p in during), default=np.nan)
    estimates = [e for e in f.estimates if FAULT_S <= 1e-6 * e.time_us - f.start_s < end_s + 1]
    states = " ".join(dict.fromkeys(e.state.name for e in estimates))
    wrong = sum(p["error_m"] > 50 for p in heard)
    seen = sum(f.tally.values()) / f.seconds
    return f"{states.lower()} | {silent:.1f} | {worst:.1f} | {back_s:.1f} | {wrong} | {seen:.1f}"


def growth(f: Flown, begin_s: float, end_s: float) -> str:
    """Error of the belief at 1, 5, 10, 20 s of darkness, sent or not."""
    at = {round(1e-6 * e.time_us - f.start_s, 1): e for e in f.estimates if e.lat_deg is not None}
    said = []
    for after in (1, 5, 10, 20):
        near = [t for t in at if abs(t - begin_s - after) < 0.3 and begin_s + after <= end_s + 0.2]
        if near:
            e = at[near[0]]
            off = f.error_m(1e-6 * e.time_us - f.start_s, e.lat_deg, e.lon_deg)
            said.append(f"{after} s {off:.1f} m (sigma {e.sigma_m:.1f})")
    return ", ".join(said)


def memory_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024


def load(scene, localizer, seconds: float) -> None:
    """CPU and anonymous memory over time; the scene's rendering is in the figure and named."""
    start = time.monotonic()
    before = time.thread_time()
    for k in range(30):
        scene.frame(k / 30)
    render = (time.thread_time() - before) * 100
    rows, done = [], threading.Event()

    def watch() -> None:
        last_cpu, last_s = time.process_time(), time.monotonic()
        while not done.wait(max(10.0, seconds / 10)):
            now_cpu, now_s = time.process_time(), time.monotonic()
            share = 100 * (now_cpu - last_cpu) / (now_s - last_s)
            rows.append((now_s - start, share, memory_mb()))
            last_cpu, last_s = now_cpu, now_s

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    f = flown(scene, localizer, seconds, keep=False)
    done.set()
    print(f"\nrendering 30 frames a second alone: {render:.0f} % of a core; "
          f"frames looked at: {sum(f.tally.values()) / seconds:.1f} a second\n")  # fmt: skip
    print("| s | CPU % of a core | RssAnon MB |\n|---|---|---|")
    for at_s, share, mb in rows:
        print(f"| {at_s:.0f} | {share:.0f} | {mb:.1f} |")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--seconds", type=float, default=300.0)
    p.add_argument("--video", type=Path)
    p.add_argument("--faults", nargs="?", const="", metavar="WORDS", help="only those named so")
    p.add_argument("--load", type=float, metavar="S")
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    engine = args.out / ("video.edgegeo" if args.video else "procedural.edgegeo")
    scene = Recorded(args.video) if args.video else Procedural()
    if not engine.exists() and args.video:
        build([args.video / "map.tif"], engine, footprint_m=120.0, progress=False)
    elif not engine.exists():
        scene.build(engine)
    scene.frame(0.0)
    localizer = Localizer(engine)
    print(f"{os.cpu_count()} cores, load average before {os.getloadavg()[0]:.1f}\n")
    if args.load:
        load(scene, localizer, args.load)
    elif args.faults is not None:
        print("| fault at 15 s | states | silent s | worst error m | tracking again after s | "
              "misleading | frames a s |\n" + "|---" * 7 + "|")  # fmt: skip
        for name, kind in FAULTS.items():
            if args.faults not in name:
                continue
            spans = [span for key in kind if key not in ("jumps", "dies") for span in kind[key]]
            end_s = max((end for _, end in spans), default=FAULT_S)
            f = flown(scene, localizer, max(FOR_A_FAULT_S, end_s + 12), **kind)
            print(f"| {name} | {fault_row(f, end_s)} |", flush=True)
            if "dark" in kind:
                print(f"| ... error as it grows | {growth(f, FAULT_S, end_s)} | | | | | |")
    else:
        cpu_s, began_s = time.process_time(), time.monotonic()
        f = flown(scene, localizer, min(args.seconds, scene.seconds))
        share = 100 * (time.process_time() - cpu_s) / (time.monotonic() - began_s)
        print("| figure | value |\n|---|---|")
        rows = figures(f) | {"CPU % of a core, camera's double included": f"{share:.0f}"}
        for name, value in rows.items():
            print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
