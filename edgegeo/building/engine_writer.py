"""Finished shards and a model, put together as an engine folder; the manifest comes last."""

from datetime import datetime, timezone
from pathlib import Path

from edgegeo import durable
from edgegeo.building.gallery_writer import assemble, shard_counts
from edgegeo.building.plan import TILE_OF_FOOTPRINT, Plan
from edgegeo.building.workplace import Workplace
from edgegeo.manifest import MANIFEST, FileRecord, Manifest, MapRecord, sha256_of
from edgegeo.maps.satmap import Raster
from edgegeo.model_folder import PARITY, ModelFolder
from edgegeo.preprocess import PREPROCESSING
from edgegeo.provenance import versions
from edgegeo.reference import Arrays, write_reference

COARSE = 1.5  # a map this many times coarser than the network's pixels gets a warning


def write_engine(
    work: Workplace,
    plan: Plan,
    model: ModelFolder,
    reference: Arrays,
    licence: str,
    attribution: str,
) -> Manifest:
    """Fill work.engine from the finished shards; returns the manifest written into it."""
    for name in model.networks:
        durable.write_file(work.engine / name, (model.path / name).read_bytes())
    written = [*model.networks, *write_reference(reference, work.engine)]
    if (model.path / PARITY).is_file():
        durable.write_file(work.engine / PARITY, (model.path / PARITY).read_bytes())
        written.append(PARITY)
    files = {name: _record(work.engine / name) for name in written}
    shards = [work.shard(nth) for nth, _ in enumerate(plan.shards())]
    for name, record in assemble(shards, work.engine / "gallery").items():
        files[f"gallery/{name}"] = record
    gsd_m = plan.tile_m / plan.px
    manifest = Manifest(
        model_id=model.model_id,
        px=model.px,
        grid=model.grid,
        tile_m=plan.tile_m,
        gsd_m=gsd_m,
        footprint_m=plan.tile_m / TILE_OF_FOOTPRINT,
        overlap=plan.settings.overlap,
        tiles=sum(counts.rows for counts in map(shard_counts, shards) if counts),
        preprocessing=PREPROCESSING,
        precision="int8",
        calibration=model.calibration,
        maps=tuple(_map_record(r, gsd_m, licence, attribution) for r in plan.rasters),
        files=files,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        versions=versions(),
    )
    durable.write_file(work.engine / MANIFEST, manifest.to_json().encode())
    return manifest


def _record(path: Path) -> FileRecord:
    return FileRecord(sha256=sha256_of(path), bytes=path.stat().st_size)


def _map_record(raster: Raster, gsd_m: float, licence: str, attribution: str) -> MapRecord:
    warnings = list(raster.warnings)
    if raster.gsd_m > COARSE * gsd_m:
        warnings.append(
            f"has {raster.gsd_m:.3g} m a pixel, coarser than the {gsd_m:.3g} m of the gallery: "
            "expect fewer fixes, or build for a larger footprint"
        )
    south, west, north, east = map(float, raster.bounds)
    return MapRecord(
        name=raster.name,
        licence=licence or raster.licence or "",
        attribution=attribution or raster.attribution or "",
        bounds=(south, west, north, east),
        warnings=tuple(warnings),
    )
