"""Fit fusion, probabilities, sigmas, accept threshold and gate of a model, on the val split.

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
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgegeo import fix
from edgegeo.backends import Runner
from edgegeo.building.build import build
from edgegeo.calibration import Calibration
from edgegeo.clock import Clock
from edgegeo.evaluation import metrics
from edgegeo.evaluation.bootstrap import paired_difference
from edgegeo.given import Given
from edgegeo.learn import calibrating, gating
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
    localizer: Localizer, frames: Path, truth: Path, on_map: bool, draws: int, seed: int
) -> Iterator[Sample]:
    """Candidates of every frame, with heading errors of 10 degrees and scale errors of 10 %."""
    rng = np.random.default_rng(seed)
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


class View(NamedTuple):
    """Frames to be located in an engine; the arguments of `samples`."""

    engine: Path
    frames: Path
    truth: Path
    on_map: bool
    draws: int
    seed: int


def val_views(data: Path, model: Path, work: Path, again: bool = True) -> list[View]:
    """Make the frames and the engines of the val split.

    Frames that are there are kept; so are engines if not `again`: they hold the encoder's work.
    """

    def made(maps: list[Path], engine: Path, footprint_m: float) -> Path:
        if again:
            shutil.rmtree(engine, ignore_errors=True)
        return once(
            engine,
            lambda out: build(maps, out, footprint_m=footprint_m, model=model, progress=False),
        )

    naip = data / "naip"
    train = [path for city in TRAIN_CITIES for path in oldest(naip / city)]
    views: list[View] = []
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
            engine = made(maps, work / f"gallery-{name}-{'on' if on_map else 'off'}", footprint_m)
            views.append(View(engine, frames, frames / "truth.csv", on_map, 1, 12))
    garfield = data / "drone_ortho/garfield"
    engine = made([garfield / "map.tif"], work / "gallery-garfield", 100.0)
    real = garfield / "frames", garfield / "truth.csv"
    views.append(View(engine, *real, True, ALONE, 13))
    views.append(View(work / "gallery-80-off", *real, False, ALONE, 14))
    return views


def collect(views: list[View], ranker: Runner | None = None) -> list[Sample]:
    """Return the candidates of every frame, ranked by another ranker where one is given."""
    found: list[Sample] = []
    for engine, *frames in views:
        localizer = Localizer(engine)
        if ranker is not None:
            localizer._ranker = ranker
        found += samples(localizer, *frames)
    return found


def fit(found: list[Sample]) -> Calibration:
    return gating.fit_gate(found, calibrating.fit(found))


def report(all_samples: list[Sample]) -> dict[str, Any]:
    """What the calibration gives on places it was not fitted on, with its gate and without."""
    places = sorted({s.place for s in all_samples})
    fold = {place: n % 5 for n, place in enumerate(places)}
    left = [[s for s in all_samples if fold[s.place] == number] for number in range(5)]
    judged: dict[bool, list[gating.Outcome]] = {True: [], False: []}
    for out in left:
        fitted = fit([s for s in all_samples if s not in out])
        for gated in judged:
            calibration = fitted if gated else replace(fitted, gate=None)
            judged[gated] += [gating.judge(s, calibration) for s in out]
    samples_left = [s for out in left for s in out]
    return summary(samples_left, judged[True]) | {
        "without_gate": summary(samples_left, judged[False])
    }


def summary(of: list[Sample], outcomes: list[gating.Outcome]) -> dict[str, Any]:
    """Shares are of the frames on the map, unless they say otherwise."""
    on = np.array([s.truth is not None for s in of])
    errors, p = np.array([o.error_m for o in outcomes]), [o.probability for o in outcomes]
    taken, reranked = (
        np.array([getattr(o, n) for o in outcomes]) for n in ("accepted", "reranked")
    )
    half = np.array([s.tile_m / 2 for s in of])
    before = [calibrating.frame_scores(s) for s in of if s.truth is not None]
    found = np.array([f.right_found[f.retrieval.argmax()] for f in before])
    right = errors <= half
    gain = paired_difference(right[on], found, [f.block for f in before])
    alone = [n for n, o in enumerate(outcomes) if not o.reranked]

    def ece(which: Any) -> float | None:
        table = metrics.reliability(np.array(p)[which], (errors <= 20)[which])
        return metrics.expected_calibration_error(table)

    return {
        "frames_on_map": int(on.sum()),
        "frames_off_map": int((~on).sum()),
        "recall_at_1_retrieval": metrics.rate(found),
        "recall_at_1_reranked": metrics.rate(right[on]),
        "reranking_gain": gain._asdict(),
        "reranked_share": metrics.rate(reranked[on]),
        "reranked_off_map": metrics.rate(reranked[~on]),
        "within_5m": metrics.rate((taken & (errors <= 5))[on]),
        "within_20m": metrics.rate((taken & (errors <= 20))[on]),
        "median_error_m": metrics.quantile_m(errors[on & taken], 0.5),
        "misleading": metrics.rate((taken & (errors > 50))[on]),
        "accepted_off_map": metrics.rate(taken[~on]),
        "ece": ece(slice(None)),
        "ece_not_reranked": ece(alone) if alone else None,
    }


def main(data: Path, model: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    found = collect(val_views(data, model, work))
    fitted = fit(found)
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
