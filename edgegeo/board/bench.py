"""How long an engine takes on this machine, as one table to paste into an issue."""

import platform
import time
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo.board.memory import Resident, resident
from edgegeo.cpus import usable_cpus
from edgegeo.engine import open_engine
from edgegeo.errors import RangeError
from edgegeo.gallery import Gallery
from edgegeo.geodesy import enu_from_geo
from edgegeo.localizer import Localizer
from edgegeo.provenance import versions
from edgegeo.report.mosaic import Extent, backdrop
from edgegeo.types import Timings

STAGES = tuple(field.name for field in fields(Timings))
SIZE_PX = (1280, 720)
WARM_UP = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class Bench:
    """`stages_ms` is (frames, 6) in the order of STAGES. As text, one Markdown table."""

    engine: str
    machine: str
    tiles: int
    threads: int
    candidates: int
    first_fix_s: float  # from opening the engine to the first fix
    stages_ms: NDArray[np.float64]
    before: Resident  # once warm
    after: Resident

    def __str__(self) -> str:
        total = self.stages_ms.sum(axis=1)
        rows = [*zip(STAGES, self.stages_ms.T, strict=True), ("**locate**", total)]
        width, height = SIZE_PX
        lines = [
            f"{self.engine}: {self.tiles} tiles; {self.machine}; {self.threads} threads; "
            f"{len(total)} frames of {width}x{height}, heading and scale known, "
            f"{self.candidates} candidates",
            "",
            "| stage | p50 ms | p99 ms | share |",
            "|---|---|---|---|",
        ]
        for name, ms in rows:
            p50, p99 = np.quantile(ms, (0.5, 0.99))
            lines.append(f"| {name} | {p50:.2f} | {p99:.2f} | {ms.sum() / total.sum():.0%} |")
        grown_mb = self.after.anonymous_mb - self.before.anonymous_mb
        lines += [
            f"| start to first fix | {1e3 * self.first_fix_s:.0f} | | |",
            f"| anonymous memory, MB | {self.after.anonymous_mb:.0f} ({grown_mb:+.1f}) | | |",
            f"| file-backed memory, MB | {self.after.file_mb:.0f} | | |",
        ]
        return "\n".join(lines)


def bench(engine: str | Path, *, frames: int = 200, threads: int = 0) -> Bench:
    """Locate a frame over and over and say where the time and the memory go.

    The frame is put together from the thumbnails of the engine's own tiles around its middle, so
    that its crops find tiles and there is something to rank. It is blurred, and says nothing about
    how well the engine locates.
    """
    if frames < 1:
        raise RangeError.of("frames", "1 or more", frames)
    opened_engine = open_engine(engine)
    frame, gsd_m = made_frame(opened_engine.gallery, opened_engine.manifest.footprint_m)
    precision = opened_engine.precision
    del opened_engine

    start = time.perf_counter()
    localizer = Localizer(engine, threads=threads)
    first = localizer.locate(frame, heading_deg=0.0, gsd_m=gsd_m, rgb=True)
    first_fix_s = time.perf_counter() - start
    for _ in range(WARM_UP):
        localizer.locate(frame, heading_deg=0.0, gsd_m=gsd_m, rgb=True)
    before = resident()
    timings = np.empty((frames, len(STAGES)))
    for row in timings:
        spent = localizer.locate(frame, heading_deg=0.0, gsd_m=gsd_m, rgb=True).timings_ms
        row[:] = [getattr(spent, stage) for stage in STAGES]
    here = versions()
    return Bench(
        engine=f"{localizer.manifest.model_id} in {precision}",
        machine=f"{cpu_name()}, edgegeo {here['edgegeo']}, onnxruntime {here['onnxruntime']}",
        tiles=len(localizer.gallery),
        threads=threads or usable_cpus(),
        candidates=len(first.candidates),
        first_fix_s=first_fix_s,
        stages_ms=timings,
        before=before,
        after=resident(),
    )


def made_frame(gallery: Gallery, footprint_m: float) -> tuple[NDArray[np.uint8], float]:
    """Return an RGB frame of SIZE_PX, north up, of the tiles around the middle of a gallery, and
    its metres a pixel."""
    width, height = SIZE_PX
    gsd_m = footprint_m / height
    lat, lon = np.median(gallery.lat_deg), np.median(gallery.lon_deg)
    east, north = enu_from_geo(gallery.lat_deg, gallery.lon_deg, lat, lon)
    tile = int(np.argmin(np.hypot(east, north)))
    half_m = (width * gsd_m / 2, height * gsd_m / 2)
    box = Extent(
        *(float(gallery.lat_deg[tile]), float(gallery.lon_deg[tile])),
        *(-half_m[0], -half_m[1], half_m[0], half_m[1]),
    )
    return stretched(backdrop(gallery, box), SIZE_PX), gsd_m


def stretched(picture: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Return (h, w, 3) resampled to (width, height), between pixels linearly."""
    out = picture.astype(np.float32)
    for axis, side in ((1, size_px[0]), (0, size_px[1])):
        last = out.shape[axis] - 1
        at = np.clip((np.arange(side) + 0.5) * (last + 1) / side - 0.5, 0, last)
        low = np.minimum(at.astype(np.intp), max(last - 1, 0))
        share = np.expand_dims((at - low).astype(np.float32), [a for a in range(3) if a != axis])
        high = np.minimum(low + 1, last)
        out = np.take(out, low, axis) * (1 - share) + np.take(out, high, axis) * share
    return np.rint(out).astype(np.uint8)


def cpu_name() -> str:
    """Return what the processor calls itself, or its architecture where it has no name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
