"""Fit fusion, probabilities, sigmas and the accept threshold of a model, on the val split.

    python -m training.calibrate DATA MODEL WORK

Reads   DATA/naip (frames: newest views of claremont; galleries: oldest views of claremont and
        the train cities, with claremont and without) and DATA/drone_ortho/garfield
Writes  WORK/            frames and galleries, reused when they are there
        MODEL/model.json  `calibration`, and `val`: what it gives on val by 5-fold
                          cross-validation over places
"""

import argparse
import csv
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgegeo import fix
from edgegeo.building.build import build
from edgegeo.clock import Clock
from edgegeo.evaluation import metrics
from edgegeo.given import Given
from edgegeo.learn import calibrating
from edgegeo.learn.calibrating import Sample
from edgegeo.localizer import Localizer
from edgegeo.simulation.simulate import simulate
from edgegeo.sources import open_frames
from edgegeo.types import Reject

TRAIN_CITIES = ("long_beach", "palm_springs", "eureka", "bishop")
FOOTPRINTS_M = (60.0, 80.0)
ALONE = 8  # views of each garfield frame, by other draws of the noise


def oldest(folder: Path) -> list[Path]:
    first: dict[str, Path] = {}
    for path in sorted(folder.glob("*_*.tif")):
        first.setdefault(path.stem.split("_")[0], path)
    return list(first.values())


def newest(folder: Path) -> list[Path]:
    return list({path.stem.split("_")[0]: path for path in sorted(folder.glob("*_*.tif"))}.values())


def once(path: Path, make: Any) -> Path:
    if not path.exists():
        make(path)
    return path


def samples(
    engine: Path, frames: Path, truth: Path, on_map: bool, draws: int, seed: int
) -> Iterator[Sample]:
    """Candidates of every frame, with heading errors of 10 degrees and scale errors of 10 %."""
    localizer, rng = Localizer(engine), np.random.default_rng(seed)
    rows = {row["file"]: row for row in csv.DictReader(truth.open())}
    for frame in open_frames(frames).select(list(rows)):
        row = rows[str(frame.name)]
        for _ in range(draws):
            heading = (float(row["heading_deg"]) + rng.normal(0, 10)) % 360
            gsd_m = float(row["gsd_m_per_px"]) * float(np.exp(rng.normal(0, 0.1)))
            found = localizer.rank(frame.image, Given(heading_deg=heading, gsd_m=gsd_m), Clock())
            if not isinstance(found, Reject):
                at = (float(row["lat_deg"]), float(row["lon_deg"])) if on_map else None
                place = row.get("map") or str(frame.name)
                yield Sample(
                    ranked=found,
                    places=fix.combine(found, localizer.tile_m),
                    tile_m=localizer.tile_m,
                    truth=at,
                    place=place,
                )


def collect(data: Path, model: Path, work: Path) -> list[Sample]:
    naip = data / "naip"
    train = [path for city in TRAIN_CITIES for path in oldest(naip / city)]
    found: list[Sample] = []
    for footprint_m in FOOTPRINTS_M:
        name = f"{footprint_m:.0f}"
        frames = once(
            work / f"frames-{name}",
            lambda out, f=footprint_m: simulate(
                newest(naip / "claremont"), out, count_per_map=3, footprint_m=f, seed=11
            ),
        )
        for on_map in (True, False):
            maps = train + (oldest(naip / "claremont") if on_map else [])
            engine = work / f"gallery-{name}-{'on' if on_map else 'off'}"
            shutil.rmtree(engine, ignore_errors=True)
            build(maps, engine, footprint_m=footprint_m, model=model, progress=False)
            found += samples(engine, frames, frames / "truth.csv", on_map, 1, 12)
    garfield = data / "drone_ortho/garfield"
    engine = work / "gallery-garfield"
    shutil.rmtree(engine, ignore_errors=True)
    build([garfield / "map.tif"], engine, footprint_m=100.0, model=model, progress=False)
    found += samples(engine, garfield / "frames", garfield / "truth.csv", True, ALONE, 13)
    off = work / "gallery-80-off"
    found += samples(off, garfield / "frames", garfield / "truth.csv", False, ALONE, 14)
    return found


def report(all_samples: list[Sample]) -> dict[str, Any]:
    """What the calibration gives on places it was not fitted on."""
    places = sorted({s.place for s in all_samples})
    fold = {place: n % 5 for n, place in enumerate(places)}
    p, error, accepted, on = [], [], [], []
    for number in range(5):
        fitted = calibrating.fit([s for s in all_samples if fold[s.place] != number])
        for s in (s for s in all_samples if fold[s.place] == number):
            evidence = fix.weigh(s.ranked, s.places, s.tile_m, fitted)
            p.append(fitted.probability(evidence.features))
            error.append(s.errors_m[evidence.best])
            accepted.append(p[-1] >= fitted.accept)
            on.append(s.truth is not None)
    errors, taken, here = np.array(error), np.array(accepted), np.array(on)
    table = metrics.reliability(p, errors <= 20)
    return {
        "frames_on_map": int(here.sum()),
        "frames_off_map": int((~here).sum()),
        "within_20m": float(np.mean((taken & (errors <= 20))[here])),
        "misleading": float(np.mean((taken & (errors > 50))[here])),
        "accepted_off_map": float(np.mean(taken[~here])),
        "ece": metrics.expected_calibration_error(table),
    }


def main(data: Path, model: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    found = collect(data, model, work)
    fitted = calibrating.fit(found)
    card = json.loads((model / "model.json").read_text())
    card["calibration"] = fitted.to_json()
    card["val"] = report(found)
    part = model / "model.json.part"
    part.write_text(json.dumps(card, indent=2, sort_keys=True) + "\n")
    os.replace(part, model / "model.json")
    print(json.dumps({"calibration": card["calibration"], "val": card["val"]}, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    main(arguments.data, arguments.model, arguments.work)
