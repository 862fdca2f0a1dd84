"""From maps to the engine folder a drone carries."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edgegeo import durable
from edgegeo.backends.onnxruntime import Session
from edgegeo.building.engine_writer import write_engine
from edgegeo.building.gallery_writer import shard_counts, write_shard
from edgegeo.building.plan import Plan, Settings, Source, make_plan
from edgegeo.building.progress import Progress
from edgegeo.building.tile_encoder import TileEncoder
from edgegeo.building.workplace import Workplace
from edgegeo.engine import footprint_rule, open_engine
from edgegeo.errors import MapError
from edgegeo.manifest import Manifest
from edgegeo.model_folder import ENCODER, open_model
from edgegeo.reference import run_reference


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a build made, and what it left out."""

    engine: Path
    tiles: int
    uncovered: int  # left out: under 0.6 of the tile shows the ground
    plain: int  # left out: no detail
    tile_m: float
    gsd_m: float
    bytes_per_tile: float  # of the gallery
    total_bytes: int
    rule: str
    warnings: tuple[str, ...]  # of the maps, and of what was not given

    def __str__(self) -> str:
        lines = [
            f"{self.engine}: {self.tiles} tiles of {self.tile_m:g} m at {self.gsd_m:.4g} m/px, "
            f"{self.bytes_per_tile:.0f} bytes a tile, {self.total_bytes / 1e6:.1f} MB in all",
        ]
        if self.uncovered or self.plain:
            lines.append(f"left out: {self.uncovered} without data, {self.plain} without detail")
        return "\n".join(lines + [f"warning: {warning}" for warning in self.warnings])


def build(
    maps: Sequence[Source] | str | Path,
    out: str | Path,
    *,
    footprint_m: float | None = None,
    tile_m: float | None = None,
    overlap: float = 0.5,
    model: str | Path | None = None,
    nodata: float | None = None,
    licence: str = "",
    attribution: str = "",
    progress: bool = True,
) -> Summary:
    """Cut maps into tiles, encode them, and write the engine folder `out`.

    Args:
        maps: rasters, folders of rasters, or open Raster objects; all go into one gallery.
        footprint_m: short side of the ground a frame shows; a tile is 0.8 of it. Default 120.
        tile_m: side of a tile, instead of `footprint_m`.
        overlap: share of a tile that its neighbour repeats, in [0, 1).
        model: a model folder; the shipped one by default.
        nodata: value that means "no data", instead of what the rasters say.
        licence, attribution: of the maps, instead of what the rasters say.
        progress: say on standard error what is being done.

    Works in OUT.partial beside `out`. An older engine at `out` stays usable until the new one
    takes its place in one step; a killed build of files goes on where it was when it is run
    again (one of Raster objects starts over, as they cannot be told apart). Memory stays flat.

    Raises MapError when no tile can be made, EngineError when the model or `out` is unfit or
    the disk is full, RangeError for settings out of range.
    """
    sources = [maps] if isinstance(maps, str | Path) else list(maps)
    settings = Settings.of(footprint_m=footprint_m, tile_m=tile_m, overlap=overlap, nodata=nodata)
    chosen = open_model(model)
    reference = run_reference(chosen.path, chosen.px, chosen.grid)
    rule = footprint_rule(settings.tile_m, chosen.px)
    _say(rule, progress)
    with ExitStack() as stack:
        stack.enter_context(durable.disk_full_explained(Path(out)))
        plan = make_plan(sources, settings, chosen)
        for raster in plan.opened:
            stack.callback(raster.close)
        work = Workplace(Path(out))
        stack.callback(work.close)
        if work.start(plan.fingerprint):
            _say(f"going on with the interrupted build in {work.folder}", progress)
        uncovered, plain = _encode(work, plan, chosen.path / ENCODER, progress)
        manifest = write_engine(work, plan, chosen, reference, licence, attribution)
        open_engine(work.engine)  # never put in place what could not be opened
        work.install()
    summary = _summary(Path(out), manifest, uncovered, plain, rule)
    _say(str(summary), progress)
    return summary


def _encode(work: Workplace, plan: Plan, encoder: Path, progress: bool) -> tuple[int, int]:
    """Encode the shards that are not finished; return the tiles left out, as in Summary."""
    tile_encoder: TileEncoder | None = None
    bar = Progress("encoding tiles", len(plan.centres), progress)
    rows = uncovered = plain = 0
    for nth, part in enumerate(plan.shards()):
        counts = shard_counts(work.shard(nth))
        if counts is None:
            if tile_encoder is None:
                tile_encoder = TileEncoder(Session(encoder), plan.rasters, plan.tile_m, plan.px)
            shard = tile_encoder.encode(part)
            write_shard(work.shard(nth), shard)
            counts = shard.counts
        rows += counts.rows
        uncovered += counts.uncovered
        plain += counts.plain
        bar.update(rows + uncovered + plain)
    if rows == 0:
        work.clear()
        raise MapError(
            f"no tile of {plan.tile_m:g} m can be made: of {len(plan.centres)} places {uncovered} "
            f"have no data and {plain} no detail; expected imagery on at least 0.6 of a tile"
        )
    return uncovered, plain


def _summary(out: Path, manifest: Manifest, uncovered: int, plain: int, rule: str) -> Summary:
    warnings = list(manifest.map_warnings)
    if not all(m.licence for m in manifest.maps):
        warnings.append("the map's licence is not recorded: give --licence and --attribution")
    return Summary(
        engine=out,
        tiles=manifest.tiles,
        uncovered=uncovered,
        plain=plain,
        tile_m=manifest.tile_m,
        gsd_m=manifest.gsd_m,
        bytes_per_tile=manifest.gallery_bytes / manifest.tiles,
        total_bytes=manifest.total_bytes,
        rule=rule,
        warnings=tuple(warnings),
    )


def _say(text: str, progress: bool) -> None:
    if progress:
        print(text, file=sys.stderr)
