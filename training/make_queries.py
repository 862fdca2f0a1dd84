"""Frames as a drone would take and describe them, over maps of an older date: a set to mine in.

    python -m training.make_queries OUT --maps OLDER... --later NEWER... [--count 8]
    python -m training.mine_candidates truth OUT --model edgegeo/model --out candidates.safetensors

Whole tiles that lie exactly on each other are too easy to learn from: here frames are tilted,
turned and cut anywhere, and their heading and scale are told with an error.

Writes  OUT/map/        the older maps
        OUT/frames/     frames of the newer ones, and truth.csv: how they truly lie
        OUT/truth.csv   the same with headings off by 10 degrees and scales by 10 % (one sigma)
"""

import argparse
import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgegeo.simulation.simulate import COLUMNS, simulate, write_truth

HEADING_SIGMA_DEG, SCALE_SIGMA = 10.0, 0.1


def make_queries(
    maps: Sequence[Path],
    later: Sequence[Path],
    out: Path,
    count: int = 8,
    footprint_m: float = 60.0,
    seed: int = 0,
) -> Path:
    """Write the folder `out` as the set `truth` reads it, and return it; nothing where it is.

    truth.csv comes last: a folder that has one is whole.
    """
    if (out / "truth.csv").exists():
        return out
    (out / "map").mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(maps):
        # the number keeps maps of one name in two folders apart
        shutil.copyfile(path, out / "map" / f"{number:04}_{path.name}")
    exact = simulate(later, out / "frames", count_per_map=count, footprint_m=footprint_m, seed=seed)
    rng = np.random.default_rng((seed, 1))
    rows = []
    with exact.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            heading_deg = float(row["heading_deg"]) + rng.normal(0, HEADING_SIGMA_DEG)
            gsd_m = float(row["gsd_m_per_px"]) * float(np.exp(rng.normal(0, SCALE_SIGMA)))
            row |= {"heading_deg": f"{heading_deg % 360:.3f}", "gsd_m_per_px": f"{gsd_m:.6f}"}
            rows.append([row[column] for column in COLUMNS])
    write_truth(out / "truth.csv", rows)
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--maps", type=Path, nargs="+", required=True)
    parser.add_argument("--later", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=8, help="frames of each newer map")
    parser.add_argument("--footprint-m", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    make_queries(given.maps, given.later, given.out, given.count, given.footprint_m, given.seed)
