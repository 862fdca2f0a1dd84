"""Recall@1 of a model beside that of its float32 self, through the whole pipeline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgegeo.building.build import build
from edgegeo.evaluation.run import evaluate
from edgegeo.maps.satmap import open_maps
from edgegeo.simulation.simulate import simulate

SIMULATED = 60  # frames, where none with a truth table were given


def recall_of_both(
    plain: Path,
    made: Path,
    maps: Sequence[str | Path],
    footprint_m: float,
    frames: str | Path | None,
    truth: str | Path | None,
    scratch: Path,
) -> dict[str, Any]:
    """Build the maps and locate the frames with the model folders `plain` and `made`.

    Without frames and truth, frames are simulated out of the maps themselves: easier than a
    flight on another day, but the same for both. Returns Recall@1 of retrieval and after ranking,
    that of float32 under the same names with `_fp32`, and what the frames were.
    """
    kind = "given"
    if frames is None or truth is None:
        kind, frames = "simulated out of the maps", scratch / "frames"
        each = -(-SIMULATED // _count(maps))
        truth = simulate(maps, frames, count_per_map=each, footprint_m=footprint_m, seed=1)
    found: dict[str, Any] = {"frames_are": kind}
    for suffix, model in (("", made), ("_fp32", plain)):
        engine = scratch / f"recall{suffix}.edgegeo"
        build(list(maps), engine, footprint_m=footprint_m, model=model, progress=False)
        results = evaluate(engine, frames, truth, progress=False)
        found["frames"] = results["frames"]
        for step in ("retrieval", "reranked"):
            found[step + suffix] = results[f"recall_at_1_{step}"]
    return found


def _count(maps: Sequence[str | Path]) -> int:
    rasters = open_maps(maps)
    for raster in rasters:
        raster.close()
    return len(rasters)
