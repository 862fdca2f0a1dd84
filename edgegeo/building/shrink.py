"""A smaller mission area out of a large engine."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import durable
from edgegeo.building.gallery_writer import npy_header
from edgegeo.building.workplace import Workplace
from edgegeo.engine import Engine, open_engine
from edgegeo.errors import EngineError, MapError, RangeError
from edgegeo.gallery import FILES, Gallery
from edgegeo.manifest import MANIFEST, FileRecord, Manifest
from edgegeo.provenance import versions
from edgegeo.types import Prior

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Box:
    """A box in degrees; where `west_deg` > `east_deg` it crosses the antimeridian.

    Raises RangeError for edges off the Earth, or a south edge that is not below the north one.
    """

    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float

    def __post_init__(self) -> None:
        if not -90 <= self.south_deg < self.north_deg <= 90:
            got = f"{self.south_deg}, {self.north_deg}"
            raise RangeError.of("south and north", "ascending degrees in [-90, 90]", got)
        if not (abs(self.west_deg) <= 180 and abs(self.east_deg) <= 180):
            got = f"{self.west_deg}, {self.east_deg}"
            raise RangeError.of("west and east", "degrees in [-180, 180]", got)

    def holds(
        self, lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Return which points lie in the box, its edges included."""
        east_of, west_of = lon_deg >= self.west_deg, lon_deg <= self.east_deg
        across = east_of & west_of if self.west_deg <= self.east_deg else east_of | west_of
        high = (lat_deg >= self.south_deg) & (lat_deg <= self.north_deg)
        return np.asarray(high & across, np.bool_)


def shrink(engine: str | Path, area: Box | Prior, out: str | Path) -> Manifest:
    """Write the engine `out` with the tiles of `engine` whose centres lie in an area.

    The networks, their reference and the records of the maps that are still shown, with licence
    and attribution, are kept; tiles keep their order. Whole or not at all, as a build; memory
    stays flat. Returns the new manifest.

    Raises MapError when no tile lies in the area, EngineError when `engine` is not whole (all of
    it is hashed) or `out` is it or something else than an engine.
    """
    large = open_engine(engine, verify="all")
    rows = _rows(large.gallery, area)
    if len(rows) == 0:
        g = large.gallery
        raise MapError(
            f"{large.path} has no tile in {area}; its tiles lie in "
            f"{g.lat_deg.min():.6f},{g.lon_deg.min():.6f} to "
            f"{g.lat_deg.max():.6f},{g.lon_deg.max():.6f}"
        )
    if Path(out).resolve() == large.path.resolve():
        raise EngineError(f"{out} is the engine to shrink; choose another --out")
    with ExitStack() as stack:
        stack.enter_context(durable.disk_full_explained(Path(out)))
        work = Workplace(Path(out))
        stack.callback(work.close)
        work.start({"shrink": str(large.path)})
        manifest = _write(large, rows, work.engine)
        open_engine(work.engine)  # never put in place what could not be opened
        work.install()
    return manifest


def _rows(gallery: Gallery, area: Box | Prior) -> NDArray[np.int64]:
    if isinstance(area, Box):
        return np.flatnonzero(area.holds(gallery.lat_deg, gallery.lon_deg))
    ranges = [np.arange(start, stop) for start, stop in gallery.rows_within(area)]
    return np.concatenate([np.empty(0, np.int64), *ranges])


def _write(large: Engine, rows: NDArray[np.int64], folder: Path) -> Manifest:
    files = {}
    for name, record in large.manifest.files.items():
        if not name.startswith("gallery/"):
            (folder / name).parent.mkdir(exist_ok=True)
            durable.write_file(folder / name, (large.path / name).read_bytes())
            files[name] = record
    (folder / "gallery").mkdir()
    shown, maps = np.unique(large.gallery.maps[rows], return_inverse=True)
    for name in FILES:
        path = f"gallery/{name}.npy"
        with durable.hashed_file(folder / path) as file:
            source = np.load(large.path / path, mmap_mode="r", allow_pickle=False)
            file.write(npy_header(source, len(rows)))
            for start in range(0, len(rows), ROWS_AT_ONCE):
                part = slice(start, start + ROWS_AT_ONCE)
                chunk = np.array(source[rows[part]])
                if name == "tiles":
                    chunk["map"] = maps[part]
                file.write(chunk.tobytes())
        files[path] = FileRecord(sha256=file.digest, bytes=file.bytes)
    durable.sync_folder(folder / "gallery")
    manifest = replace(
        large.manifest,
        tiles=len(rows),
        maps=tuple(large.manifest.maps[at] for at in shown.tolist()),
        files=files,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        versions=versions(),
    )
    durable.write_file(folder / MANIFEST, manifest.to_json().encode())
    return manifest
