"""How long locate() takes beside its two networks alone, and where the time goes.

    python -m tests.bench.bench_locate [--model DIR] [--tiles 10000] [--repeats 100] [--threads 2]

One run, interleaved: locate(), then the same batches through ONNX Runtime alone (the encoder on all
looks, the whole ranker as one network on all pairs of a look and a tile; in locate() kernels do
most of the ranker's work), then a fixed NumPy matrix product that says how quiet the machine is.
Heading and scale are known. The gallery repeats a small one, each time further north, and the frame
is a view of it: most of its crops agree, on every repeat alike, so the ranker has many pairs. The
table says how many.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from edgegeo.backends.onnxruntime import Session
from edgegeo.building.build import build
from edgegeo.gallery import FILES, Gallery, open_gallery
from edgegeo.localizer import Localizer
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.model_folder import RANKER
from edgegeo.simulation.camera import Shot, render
from edgegeo.types import Timings

SIZES = ((852, 480), (1920, 1080), (3840, 2160))
FOOTPRINT_M = 120.0
LAT, LON, APART_DEG = 59.4, 24.7, 0.01
STAGES = [f.name for f in fields(Timings)]


@dataclass
class Recorder:
    """Stands before a session and keeps the batches that go in."""

    session: object
    batches: list = field(default_factory=list)

    def run(self, inputs):
        self.batches.append({name: array.copy() for name, array in inputs.items()})
        return self.session.run(inputs)

    def replay(self) -> None:
        for batch in self.batches:
            self.session.run(batch)


def blocks(height: int, width: int, cell: int, seed: int) -> np.ndarray:
    """Return a (height, width, 3) uint8 picture of cells in random colours."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (-(-height // cell), -(-width // cell), 3), np.uint8)
    return np.repeat(np.repeat(coarse, cell, axis=0), cell, axis=1)[:height, :width].copy()


def widen(gallery: Gallery, tiles: int, folder: Path) -> Gallery:
    """Write `tiles` rows as files and map them: a gallery over and over, APART_DEG further north
    each time."""
    times, rows = np.divmod(np.arange(tiles), len(gallery))
    for name, (dtype, _) in FILES.items():
        if dtype.names is None:
            array = getattr(gallery, name)[rows]
        else:
            array = np.empty(tiles, dtype)
            array["lat_deg"] = gallery.lat_deg[rows] + APART_DEG * times
            array["lon_deg"] = gallery.lon_deg[rows]
            array["map"], array["coverage"] = gallery.maps[rows], gallery.coverage[rows]
        np.save(folder / f"{name}.npy", array)
    tokens = gallery.tokens.shape[1]
    return open_gallery(folder, tiles=tiles, tokens=tokens, tile_m=gallery.tile_m)


def ms_of(run) -> tuple[float, object]:
    start = time.perf_counter()
    result = run()
    return 1e3 * (time.perf_counter() - start), result


def batches_of(
    localizer: Localizer, network: Session, frame: np.ndarray, known: dict[str, float]
) -> tuple[Recorder, Recorder]:
    """Return what goes into the encoder, and would go into the ranker if it were one network."""
    own = localizer._encoder, localizer._ranker
    encoder, ranker = Recorder(own[0]), Recorder(network)
    localizer._encoder, localizer._ranker = encoder, ranker
    fix = localizer.locate(frame, **known)
    localizer._encoder, localizer._ranker = own
    if not fix.candidates:
        raise SystemExit(f"nothing to time: {fix.reject}")
    return encoder, ranker


def measure(
    localizer: Localizer,
    network: Session,
    raster: ArrayRaster,
    size: tuple[int, int],
    repeats: int,
) -> str:
    """Return one row of the table; `network` is the ranker as one network."""
    width, height = size
    known = {"heading_deg": 30.0, "gsd_m": FOOTPRINT_M / height}
    shot = Shot(lat_deg=LAT, lon_deg=LON, size=size, **known)
    frame = render(raster, shot, np.random.default_rng(1))
    encoder, ranker = batches_of(localizer, network, frame, known)

    square = np.random.default_rng(2).standard_normal((384, 384), np.float32)
    locate_ms, bare_ms, product_ms, stages = [], [], [], []
    for turn in range(repeats + 5):
        whole, fix = ms_of(lambda: localizer.locate(frame, **known))
        bare = ms_of(lambda: (encoder.replay(), ranker.replay()))[0]
        product = ms_of(lambda: square @ square)[0]
        if turn < 5:  # warm up
            continue
        locate_ms.append(whole)
        bare_ms.append(bare)
        product_ms.append(product)
        stages.append([getattr(fix.timings_ms, stage) for stage in STAGES])

    whole, bare = np.median(locate_ms), np.median(bare_ms)
    shares = np.median(stages, axis=0) / whole
    looks = sum(len(batch["image"]) for batch in encoder.batches)
    pairs = sum(len(batch["candidate_tokens"]) for batch in ranker.batches)
    return " | ".join(
        [
            f"| {width}x{height}",
            f"{looks}",
            f"{pairs}",
            f"{whole:.1f}",
            f"{bare:.1f}",
            f"{whole / bare:.2f}",
            f"{tail(locate_ms):.2f}",
            f"{tail(product_ms):.2f}",
            ", ".join(f"{s} {share:.0%}" for s, share in zip(STAGES, shares, strict=True)) + " |",
        ]
    )


def tail(ms: list[float]) -> float:
    """Return p99 over p50."""
    return float(np.quantile(ms, 0.99) / np.median(ms))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--model", help="model folder (default: the shipped one)")
    p.add_argument("--tiles", type=int, default=10_000)
    p.add_argument("--candidates", type=int, default=12)
    p.add_argument("--repeats", type=int, default=100)
    p.add_argument("--threads", type=int, default=2)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        raster = ArrayRaster(blocks(1200, 1200, 8, seed=0), None, LAT, LON, 0.5)
        build([raster], folder / "e", footprint_m=FOOTPRINT_M, model=args.model, progress=False)
        localizer = Localizer(folder / "e", threads=args.threads, candidates=args.candidates)
        localizer.gallery = widen(localizer.gallery, args.tiles, folder)
        network = Session(folder / "e" / RANKER, localizer._pool.threads)
        print(
            f"{args.tiles} tiles, {args.candidates} candidates, {args.threads} threads, "
            f"median of {args.repeats}, model {localizer.manifest.model_id}\n"
        )
        print(
            "| frame | looks | pairs | locate ms | bare networks ms | ratio | p99/p50 | "
            "of a matrix product | shares of locate |\n|---|---|---|---|---|---|---|---|---|"
        )
        for size in SIZES:
            print(measure(localizer, network, raster, size, args.repeats), flush=True)


if __name__ == "__main__":
    main()
