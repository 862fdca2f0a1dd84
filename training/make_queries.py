"""Frames as a drone would take and describe them, over maps of an older date: a set to mine in.

    python -m training.make_queries OUT --maps OLDER... --later NEWER... [--count 8]
    python -m training.make_queries OUT --maps MAP --video FLIGHT.mp4 --truth TRUTH.csv
    python -m training.mine_candidates truth OUT --model edgegeo/model --out candidates.safetensors

Whole tiles that lie exactly on each other are too easy to learn from: here frames are tilted,
turned and cut anywhere, or those of a real flight, and told with an error of heading and scale.

Writes  OUT/map/        the older maps
        OUT/frames/     frames of the newer ones or of the video, and truth.csv: how they truly lie
        OUT/truth.csv   the same with headings off by 10 degrees and scales by 10 % (one sigma)
"""

import argparse
import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgegeo.errors import DataError
from edgegeo.evaluation.row import blocks_of
from edgegeo.simulation.simulate import COLUMNS, simulate, write_truth
from edgegeo.sources.video import Video
from edgegeo.truth import read_truth

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
    _copy(maps, out)
    exact = simulate(later, out / "frames", count_per_map=count, footprint_m=footprint_m, seed=seed)
    return _tell(exact, out, seed)


def queries_of_video(
    maps: Sequence[Path], video: Path, truth: Path, out: Path, seed: int = 0
) -> Path:
    """The same of the frames of a video that a truth table names; headings and scales are known."""
    import cv2

    if (out / "truth.csv").exists():
        return out
    _copy(maps, out)
    (out / "frames").mkdir(exist_ok=True)
    of_frame = {row.name: row for row in read_truth(truth, numbered=True)}
    found, times_us = [], []
    for frame in Video(video).select([*of_frame]):
        row = of_frame[frame.name]
        if row.heading_deg is None or row.gsd_m is None:
            raise DataError(f"{truth}: frame {frame.name} lacks its heading or its scale")
        cv2.imwrite(str(out / "frames" / f"{frame.name:05}.png"), frame.image)
        found.append(row)
        times_us.append(frame.time_us)
    rows = []
    for row, block in zip(found, blocks_of(found, times_us), strict=True):
        at = f"{row.lat_deg:.9f}", f"{row.lon_deg:.9f}"
        lies = f"{row.heading_deg:.3f}", f"{row.gsd_m:.6f}"
        rows.append((f"{row.name:05}.png", *at, *lies, "", "", "", block))
    return _tell(write_truth(out / "frames" / "truth.csv", rows), out, seed)


def _copy(maps: Sequence[Path], out: Path) -> None:
    (out / "map").mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(maps):
        # the number keeps maps of one name in two folders apart
        shutil.copyfile(path, out / "map" / f"{number:04}_{path.name}")


def _tell(exact: Path, out: Path, seed: int) -> Path:
    """Write the truth with the errors of what is told."""
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
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--later", type=Path, nargs="+")
    source.add_argument("--video", type=Path)
    parser.add_argument("--truth", type=Path, help="of --video: frame, place, heading, scale")
    parser.add_argument("--count", type=int, default=8, help="frames of each newer map")
    parser.add_argument("--footprint-m", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.video is None:
        make_queries(given.maps, given.later, given.out, given.count, given.footprint_m, given.seed)
    elif given.truth is None:
        parser.error("--video needs --truth")
    else:
        queries_of_video(given.maps, given.video, given.truth, given.out, given.seed)
