"""An engine on disk with as many tiles as one likes, of a small one repeated northwards."""

from dataclasses import replace
from pathlib import Path

from edgegeo import durable
from edgegeo.building.build import build
from edgegeo.engine import open_engine
from edgegeo.gallery import FILES
from edgegeo.manifest import MANIFEST, FileRecord, sha256_of
from edgegeo.maps.arraymap import ArrayRaster
from tests.bench.bench_locate import FOOTPRINT_M, LAT, LON, blocks, widen


def ground() -> ArrayRaster:
    """The map that is repeated."""
    return ArrayRaster(blocks(1200, 1200, 8, seed=0), None, LAT, LON, 0.5)


def wide_engine(out: Path, tiles: int, model: str | None = None) -> Path:
    """Write an engine of `tiles` tiles that opens like any other; returns its path."""
    build([ground()], out, footprint_m=FOOTPRINT_M, model=model, progress=False)
    small = open_engine(out)
    folder = out.with_name(out.name + ".gallery")
    folder.mkdir()
    widen(small.gallery, tiles, folder)
    files = dict(small.manifest.files)
    for name in FILES:
        path = out / "gallery" / f"{name}.npy"
        (folder / f"{name}.npy").replace(path)
        record = FileRecord(sha256=sha256_of(path), bytes=path.stat().st_size)
        files[f"gallery/{name}.npy"] = record
    manifest = replace(small.manifest, tiles=tiles, files=files)
    durable.write_file(out / MANIFEST, manifest.to_json().encode())
    return out
