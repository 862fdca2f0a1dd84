"""Locate the demo's frames on two machines and compare: `.ci/arm` does it for x86-64 and aarch64.

python tests/demo_locate.py make FOLDER               # an engine and FRAMES frames of its flight
python tests/demo_locate.py locate FOLDER RESULTS.json # needs the onboard install only
python tests/demo_locate.py compare A.json B.json      # exit code 1 where they differ too much
"""

import json
import math
import platform
import sys
from pathlib import Path

import numpy as np

FRAMES = 8
# Two machines sum in another order: positions differ by far less than this.
M_PER_DEG = 111_700.0  # at most, anywhere
MOST = {
    "lat_deg": 0.05 / M_PER_DEG,
    "lon_deg": 0.05 / M_PER_DEG,
    "probability": 1e-3,
    "sigma_m": 0.01,
}


def make(folder: Path) -> None:
    from edgegeo.building.build import build
    from edgegeo.demo import flight

    build(
        [flight.make_map(0)],
        folder / "demo.edgegeo",
        footprint_m=flight.FOOTPRINT_M,
        progress=False,
    )
    taken = list(flight.fly(0, FRAMES))
    np.savez(
        folder / "frames.npz",
        bgr=np.stack([one.bgr for one in taken]),
        heading_deg=[one.heading_deg for one in taken],
        gsd_m=[one.gsd_m for one in taken],
    )


def locate(folder: Path, results: Path) -> None:
    from edgegeo import Localizer, _core

    localizer = Localizer(folder / "demo.edgegeo", threads=1)
    with np.load(folder / "frames.npz") as frames:
        known = zip(frames["bgr"], frames["heading_deg"], frames["gsd_m"], strict=True)
        fixes = [
            localizer.locate(bgr, heading_deg=float(heading), gsd_m=float(gsd))
            for bgr, heading, gsd in known
        ]
    rows = [
        {
            "reject": fix.reject and fix.reject.name,
            "lat_deg": fix.lat_deg,
            "lon_deg": fix.lon_deg,
            "probability": fix.probability,
            "sigma_m": fix.sigma_m,
        }
        for fix in fixes
    ]
    machine = {"machine": platform.machine(), "kernels": _core.TARGETS[-1], "fixes": rows}
    results.write_text(json.dumps(machine))


def compare(a: dict, b: dict) -> list[str]:
    """Return a line for each way in which two results differ by more than the bounds."""
    wrong = []
    for nth, (one, other) in enumerate(zip(a["fixes"], b["fixes"], strict=True)):
        if one["reject"] != other["reject"]:
            wrong.append(f"frame {nth}: reject {one['reject']} and {other['reject']}")
            continue
        for name, most in MOST.items():
            if not apart(one[name], other[name]) <= most:
                wrong.append(f"frame {nth}: {name} {one[name]!r} and {other[name]!r}")
    return wrong


def apart(a: float | None, b: float | None) -> float:
    """0 where both have none: a frame without detail has no position at all."""
    if a is None or b is None:
        return 0.0 if a is b else math.inf
    return abs(a - b)


def furthest_m(a: dict, b: dict) -> float:
    pairs = list(zip(a["fixes"], b["fixes"], strict=True))
    return M_PER_DEG * max(
        apart(x[name], y[name]) for name in ("lat_deg", "lon_deg") for x, y in pairs
    )


def main(argv: list[str]) -> int:
    command, *paths = argv
    first, *rest = map(Path, paths)
    if command != "compare":
        {"make": make, "locate": locate}[command](first, *rest)
        return 0
    a, b = (json.loads(path.read_text()) for path in (first, *rest))
    wrong = compare(a, b)
    print(
        f"{a['machine']} ({a['kernels']}) and {b['machine']} ({b['kernels']}): "
        f"{len(a['fixes'])} frames, {sum(fix['reject'] is None for fix in a['fixes'])} located, "
        f"positions at most {1000 * furthest_m(a, b):.2g} mm apart",
        *wrong,
        sep="\n",
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
