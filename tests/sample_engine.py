"""A small map of random blocks, and the engine made of it with the stand-in networks."""

import json
from pathlib import Path

import numpy as np

from edgegeo.building.build import build
from edgegeo.maps.arraymap import ArrayRaster
from tests.tiny_model import write_model

LAT, LON = 59.4, 24.7
GSD_M = 0.5
TILE_M = 40.0


def block_picture(seed: int, side_px: int = 300) -> np.ndarray:
    """Return (side_px, side_px, 3) uint8 of blocks of 10 px in random colours."""
    colours = np.random.default_rng(seed).integers(0, 255, (side_px // 10, side_px // 10, 3))
    return np.kron(colours, np.ones((10, 10, 1), np.int64)).astype(np.uint8)


def sample_map(seed: int = 0, lat_deg: float = LAT, lon_deg: float = LON) -> ArrayRaster:
    """Return a map of 150 m x 150 m, which gives 49 tiles of 40 m."""
    return ArrayRaster(
        block_picture(seed), None, lat_deg, lon_deg, GSD_M, name=f"sample-{seed}", licence="CC0"
    )


def sample_engine(folder: Path, precision: str | None = None) -> Path:
    """Build `folder`/sample.edgegeo from one sample map; returns its path.

    With a `precision` its report says so; the networks are in float32 all the same.
    """
    model = write_model(folder / "model")
    if precision is not None:
        (model / "parity.json").write_text(json.dumps({"precision": precision, "differences": {}}))
    engine = folder / "sample.edgegeo"
    build([sample_map()], engine, tile_m=TILE_M, model=model, progress=False)
    return engine
