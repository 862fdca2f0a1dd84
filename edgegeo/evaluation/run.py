"""Evaluate an engine on frames whose position is known."""

import json
import time
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgegeo import durable
from edgegeo.building.progress import Progress
from edgegeo.errors import DataError
from edgegeo.evaluation.noise import Knowledge, NoiseProtocol, disturb
from edgegeo.evaluation.row import Row, blocks_of, judge, write_rows
from edgegeo.evaluation.summary import summarise
from edgegeo.geodesy import enu_from_geo, geo_from_enu
from edgegeo.provenance import commit, versions
from edgegeo.ranker import Ranking
from edgegeo.sources import Frame, FrameSource, open_frames
from edgegeo.truth import TruthRow, read_truth
from edgegeo.types import Fix, Prior


class Tiles(Protocol):
    """Where a gallery's tiles are centred, (n,) float64 each."""

    @property
    def lat_deg(self) -> NDArray[np.float64]: ...
    @property
    def lon_deg(self) -> NDArray[np.float64]: ...


class Locator(Protocol):
    """What is evaluated: a Localizer, or anything that answers like one."""

    @property
    def gallery(self) -> Tiles: ...
    @property
    def tile_m(self) -> float: ...
    def locate(
        self,
        frame: NDArray[np.uint8],
        *,
        prior: Prior | None = ...,
        heading_deg: float | None = ...,
        heading_sigma_deg: float = ...,
        gsd_m: float | None = ...,
        gsd_sigma: float = ...,
        time_us: int = ...,
    ) -> Fix: ...


def evaluate(
    engine: str | PathLike[str],
    frames: str | PathLike[str],
    truth: str | PathLike[str],
    *,
    heading_noise_deg: float = 10.0,
    gsd_noise: float = 0.1,
    no_heading: bool = False,
    no_gsd: bool = False,
    prior_radius_m: float | None = None,
    seed: int = 0,
    out: str | PathLike[str] | None = None,
    rows: str | PathLike[str] | None = None,
    threads: int = 0,
    ranking: Ranking = "learned",
    progress: bool = True,
) -> dict[str, Any]:
    """Locate the frames a truth table names and say how well that went.

    Args:
        engine: folder of the engine.
        frames: folder of images, or a video.
        truth: table with `file` or `frame`, `lat_deg`, `lon_deg`, and where known
            `heading_deg`, `gsd_m_per_px` and `map`. Only its rows are evaluated.
        heading_noise_deg, gsd_noise: the heading is disturbed by N(0, s), the ground
            sampling distance multiplied by exp(N(0, s)); both are from the seed.
        no_heading, no_gsd: do not tell the heading, the scale.
        prior_radius_m: give a circle of this radius that holds the truth, its centre
            uniform in the disc around it; None gives no prior.
        out: write the results here as JSON. rows: write one JSON line a frame here.
        threads: of the engine, 0 for all cores.
        ranking: see Localizer; "correlation" is the reference that needs no training.
        progress: say on standard error how far it is.

    Returns what results.json holds: see `edgegeo.evaluation.summary.summarise`, and
    settings, seed, commit, versions. Rates are shares of all frames.
    """
    from edgegeo.localizer import Localizer

    protocol = NoiseProtocol(
        heading_noise_deg=heading_noise_deg,
        gsd_noise=gsd_noise,
        no_heading=no_heading,
        no_gsd=no_gsd,
        prior_radius_m=prior_radius_m,
        seed=seed,
    )
    for path in (out, rows):
        if path is not None and not Path(path).parent.is_dir():
            raise DataError(f"cannot write {path}: its folder does not exist")
    source = open_frames(frames)
    table = read_truth(truth, numbered=source.numbered)
    localizer = Localizer(Path(engine), threads=threads, ranking=ranking)
    judged = evaluate_rows(localizer, source, table, protocol, progress=progress)

    results = summarise(judged, seed)
    results["settings"] = {
        "engine": str(engine),
        "model_id": localizer.manifest.model_id,
        "relevance_weight": localizer.calibration.relevance_weight,
        "gated": localizer.calibration.gate is not None,
        "tiles": len(localizer.gallery.lat_deg),
        "tile_m": localizer.tile_m,
        "frames": str(frames),
        "truth": str(truth),
        "heading_noise_deg": heading_noise_deg,
        "gsd_noise": gsd_noise,
        "heading_given": not no_heading and any(row.heading_deg is not None for row in table),
        "gsd_given": not no_gsd and any(row.gsd_m is not None for row in table),
        "prior_radius_m": prior_radius_m,
        "threads": threads,
        "ranking": ranking,
    }
    results |= {"seed": seed, "commit": commit(), "versions": versions("opencv-python")}
    if out is not None:
        text = json.dumps(results, indent=1, allow_nan=False) + "\n"
        durable.write_file(Path(out), text.encode())
    if rows is not None:
        write_rows(rows, judged)
    return results


def evaluate_rows(
    localizer: Locator,
    source: FrameSource,
    truth: tuple[TruthRow, ...],
    protocol: NoiseProtocol,
    *,
    progress: bool = False,
) -> list[Row]:
    """Locate each row's frame once and judge it; rows come back in the truth's order.

    The first frame is located once more before the clock starts, so that no row pays for
    the pages and the buffers of a first call.
    """
    known = dict(zip((row.name for row in truth), disturb(truth, protocol), strict=True))
    named = {row.name: row for row in truth}
    tile_lat_deg = np.asarray(localizer.gallery.lat_deg, np.float64)
    tile_lon_deg = np.asarray(localizer.gallery.lon_deg, np.float64)
    middle = _middle(tile_lat_deg, tile_lon_deg)

    judged: dict[str | int, Row] = {}
    times_us: dict[str | int, int] = {}
    counter = Progress("evaluate", len(truth), progress)
    for frame in source.select(list(named)):
        given = known[frame.name]
        if not judged:
            _locate(localizer, frame, given, protocol)
        start = time.perf_counter()
        fix = _locate(localizer, frame, given, protocol)
        ms = 1e3 * (time.perf_counter() - start)
        prior = given.prior
        judged[frame.name] = judge(
            fix,
            named[frame.name],
            tile_m=localizer.tile_m,
            no_vision_deg=(prior.lat_deg, prior.lon_deg) if prior else middle,
            block="",
            ms=ms,
        )
        times_us[frame.name] = frame.time_us
        counter.update(len(judged))
    blocks = blocks_of(truth, [times_us[row.name] for row in truth])
    return [replace(judged[row.name], block=b) for row, b in zip(truth, blocks, strict=True)]


def _locate(localizer: Locator, frame: Frame, given: Knowledge, protocol: NoiseProtocol) -> Fix:
    return localizer.locate(
        frame.image,
        prior=given.prior,
        heading_deg=given.heading_deg,
        heading_sigma_deg=protocol.heading_sigma_deg,
        gsd_m=given.gsd_m,
        gsd_sigma=protocol.gsd_sigma,
        time_us=frame.time_us,
    )


def _middle(lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]) -> tuple[float, float]:
    east_m, north_m = enu_from_geo(lat_deg, lon_deg, lat_deg[0], lon_deg[0])
    lat, lon = geo_from_enu(east_m.mean(), north_m.mean(), lat_deg[0], lon_deg[0])
    return float(lat), float(lon)
