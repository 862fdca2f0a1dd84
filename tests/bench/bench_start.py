"""From start to the first fix, and whether memory stays flat over many frames.

    python -m tests.bench.bench_start [--model DIR] [--tiles 10000] [--frames 1000] [--threads 2]

The engine is made once (see wide_engine), then flown in a process of its own that has loaded
nothing else: with torch or OpenCV loaded too, its memory would be theirs.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from edgegeo.simulation.camera import Shot, render
from tests.bench.bench_locate import FOOTPRINT_M, LAT, LON
from tests.bench.wide_engine import ground, wide_engine

SIZE = (1280, 720)
KNOWN = {"heading_deg": 30.0, "gsd_m": FOOTPRINT_M / SIZE[1]}
MOVED_M = 0.5  # between frames, so that no two are alike

FLY = """
import sys, time
began = time.perf_counter()
import numpy as np
from edgegeo import Localizer
from edgegeo.board.memory import resident
imported = time.perf_counter()
engine, frames = sys.argv[1], np.load(sys.argv[2], mmap_mode="r")
count, threads = map(int, sys.argv[3:5])
known = {{"heading_deg": {heading_deg}, "gsd_m": {gsd_m}}}
start = time.perf_counter()
localizer = Localizer(engine, threads=threads)
opened = time.perf_counter()
first = localizer.locate(frames[0], **known)
fixed = time.perf_counter()
print(f"| import edgegeo, ms | {{1e3 * (imported - began):.0f}} |")
print(f"| open the engine, ms | {{1e3 * (opened - start):.0f}} |")
print(f"| start to first fix, ms | {{1e3 * (fixed - start):.0f}} |")
accepted = 0
for n in range(count):
    if n in (0, 10, 100):
        now = resident()
        print(f"| RssAnon after {{n + 1}} frames, MB | {{now.anonymous_mb:.1f}} |", flush=True)
    accepted += localizer.locate(frames[n % len(frames)], **known).accepted
now = resident()
print(f"| RssAnon after {{count + 1}} frames, MB | {{now.anonymous_mb:.1f}} |")
print(f"| file-backed, MB | {{now.file_mb:.1f}} |")
print(f"| of it the frames' own file, MB | {{frames.nbytes / 1e6:.1f}} |")
print(f"| frames with an accepted fix | {{accepted}} |")
heavy = {{"torch", "transformers", "cv2", "rasterio"}} & set(sys.modules)
print(f"| heavy packages loaded | {{', '.join(heavy) or 'none'}} |")
"""


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--model", help="model folder (default: the shipped one)")
    p.add_argument("--tiles", type=int, default=10_000)
    p.add_argument("--frames", type=int, default=1000)
    p.add_argument("--threads", type=int, default=2)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        engine = wide_engine(folder / "wide.edgegeo", args.tiles, args.model)
        rng = np.random.default_rng(1)
        shots = [
            Shot(lat_deg=LAT + n * MOVED_M / 111_000, lon_deg=LON, size=SIZE, **KNOWN)
            for n in range(20)
        ]
        frames = folder / "frames.npy"
        np.save(frames, np.stack([render(ground(), shot, rng) for shot in shots]))
        print(f"{args.tiles} tiles, {args.threads} threads, frames of {SIZE[0]}x{SIZE[1]}\n")
        print("| | |\n|---|---|", flush=True)
        command = [sys.executable, "-c", FLY.format(**KNOWN), str(engine), str(frames)]
        subprocess.run([*command, str(args.frames), str(args.threads)], check=True)


if __name__ == "__main__":
    main()
