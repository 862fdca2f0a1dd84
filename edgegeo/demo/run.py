"""The demo: map, gallery, flight, fixes and report, from no file and no network."""

import tempfile
import time
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import png
from edgegeo.building.build import build
from edgegeo.demo import flight
from edgegeo.errors import RangeError
from edgegeo.localizer import Localizer
from edgegeo.report import frame_thumbnail, write_report
from edgegeo.report.figures import Figures, Row, Truth, error_m, figures
from edgegeo.simulation.simulate import truth_row, write_truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the demo made. Its figures show that things work and say nothing of accuracy."""

    figures: Figures
    fixes: tuple[Row, ...]
    engine: Path
    report: Path
    seconds: float


def demo(
    out: str | PathLike[str] | None = None,
    *,
    seed: int = 0,
    frames: int = 40,
    model: str | Path | None = None,
) -> Summary:
    """Locate a made flight on a made map, print a table, and write a report.

    Args:
        out: folder that receives demo.edgegeo, frames/, truth.csv and report.html; without
            it a new temporary folder does.
        seed: of the landscape, the flight and the noise; the same seed gives the same fixes.
        frames: of the flight; one is dark, and some of them lie off the map.
        model: a model folder; the shipped one by default.

    The localiser is given each heading with an error of 10 degrees and each ground sampling
    distance with one of 10 %.
    """
    start = time.perf_counter()
    if frames < 2:
        raise RangeError.of("frames", "at least 2", frames)
    if seed < 0:
        raise RangeError.of("seed", "at least 0", seed)
    folder = Path(tempfile.mkdtemp(prefix="edgegeo-demo-") if out is None else out)
    (folder / "frames").mkdir(parents=True, exist_ok=True)
    engine = folder / "demo.edgegeo"
    made = build(
        [flight.make_map(seed)],
        engine,
        footprint_m=flight.FOOTPRINT_M,
        model=model,
        progress=False,
    )
    print(f"map      {made.tiles} tiles of {made.tile_m:g} m, made by code (seed {seed}), date 0")
    print(f"flight   {frames} frames on date 1; heading known to 10 degrees, scale to 10 %\n")
    localizer = Localizer(engine, threads=2)
    rows: list[Row] = []
    truth: dict[str | int, tuple[float, float]] = {}
    thumbnails: dict[str | int, NDArray[np.uint8]] = {}
    table = []
    print("frame       result            error   1-sigma   p(20 m)       ms")
    for k, taken in enumerate(flight.fly(seed, frames)):
        fix = localizer.locate(
            taken.bgr,
            heading_deg=taken.heading_deg,
            gsd_m=taken.gsd_m,
            time_us=k * 1_000_000,
        )
        file = f"{taken.name}.png"  # lossless, and needs no OpenCV
        (folder / "frames" / file).write_bytes(png.encode(taken.bgr[..., ::-1]))
        rows.append((file, fix))
        truth[file] = (taken.shot.lat_deg, taken.shot.lon_deg)
        thumbnails[file] = frame_thumbnail(taken.bgr)
        table.append((file, *truth_row(taken.shot), "procedural landscape"))
        print(_line(taken.name, rows[-1], truth))
    write_truth(folder / "truth.csv", table)
    report = write_report(
        folder / "report.html",
        rows,
        localizer.gallery,
        title=f"edgegeo demo: a procedural landscape, seed {seed}",
        truth=truth,
        frames=thumbnails,
    )
    summary = Summary(
        figures=figures(rows, truth),
        fixes=tuple(rows),
        engine=engine,
        report=report,
        seconds=time.perf_counter() - start,
    )
    print(_closing(summary))
    return summary


def _line(name: str, row: Row, truth: Truth) -> str:
    file, fix = row
    result = "located" if fix.reject is None else fix.reject.name.lower().replace("_", " ")
    off = error_m(fix, truth[file])
    numbers = ("-" if value is None else f"{value:.1f} m" for value in (off, fix.sigma_m))
    error, sigma = numbers
    return (
        f"{name:<11} {result:<15} {error:>8}  {sigma:>8}  {fix.probability:>8.2f}"
        f"  {fix.timings_ms.total:>7.1f}"
    )


def _closing(summary: Summary) -> str:
    of = summary.figures
    middle = "" if of.median_error_m is None else f", median error {of.median_error_m:.1f} m"
    return (
        f"\nlocated {of.accepted} of {of.frames}{middle}; one frame is dark and some lie off the "
        "map,\nso not all can be. A demonstration, not a measure of accuracy.\n"
        f"report   {summary.report}\n"
        f"again    edgegeo evaluate {summary.engine} --frames {summary.report.parent / 'frames'} "
        f"--truth {summary.report.parent / 'truth.csv'}\n"
        f"took     {summary.seconds:.0f} s"
    )
