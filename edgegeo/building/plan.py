"""What a build is going to do: which tiles of which maps, in which order, for which model."""

import hashlib
import json
import math
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgegeo.building.tile_encoder import Centres
from edgegeo.errors import MapError, RangeError
from edgegeo.manifest import sha256_of
from edgegeo.maps import tiling
from edgegeo.maps.satmap import Raster, open_maps
from edgegeo.model_folder import ENCODER, ModelFolder

SHARD_TILES = 512  # a killed build loses at most this much work
TILE_OF_FOOTPRINT = 0.8
DEFAULT_FOOTPRINT_M = 120.0

Source = str | Path | Raster


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What decides the tiles, besides the maps and the model."""

    tile_m: float
    overlap: float
    nodata: float | None
    shard_tiles: int

    @classmethod
    def of(
        cls,
        *,
        footprint_m: float | None,
        tile_m: float | None,
        overlap: float,
        nodata: float | None,
    ) -> "Settings":
        """Check the settings; a tile is 0.8 of the footprint, or as given."""
        if footprint_m is not None and tile_m is not None:
            raise RangeError("give footprint_m or tile_m, not both")
        for name, value in (("footprint_m", footprint_m), ("tile_m", tile_m)):
            if value is not None and not 0 < value < math.inf:
                raise RangeError.of(name, "positive, finite metres", value)
        if not 0 <= overlap < 1:
            raise RangeError.of("overlap", "in [0, 1)", overlap)
        if tile_m is None:
            tile_m = TILE_OF_FOOTPRINT * (footprint_m or DEFAULT_FOOTPRINT_M)
        return cls(
            tile_m=float(tile_m),
            overlap=float(overlap),
            nodata=nodata,
            shard_tiles=SHARD_TILES,
        )


@dataclass(frozen=True, eq=False)
class Plan:
    """Every tile centre in its final order.

    `fingerprint` changes with anything that changes a shard; `opened` are those of `rasters`
    that the plan opened, so the build has to close them.
    """

    rasters: Sequence[Raster]
    opened: Sequence[Raster]
    centres: Centres
    settings: Settings
    px: int
    fingerprint: dict[str, Any]

    @property
    def tile_m(self) -> float:
        return self.settings.tile_m

    def shards(self) -> Iterator[Centres]:
        """Give the centres in runs of fixed length."""
        step = self.settings.shard_tiles
        for start in range(0, len(self.centres), step):
            yield self.centres.rows(slice(start, start + step))


def make_plan(sources: Sequence[Source], settings: Settings, model: ModelFolder) -> Plan:
    """Open the maps and lay out the tiles of all of them along one Hilbert curve."""
    rasters: list[Raster] = []
    opened: list[Raster] = []
    for source in sources:
        if isinstance(source, str | Path):
            found = open_maps([source], settings.nodata)
            opened += found
            rasters += found
        else:
            rasters.append(source)
    if not rasters:
        raise MapError("no map given: expected at least one raster or folder of rasters")
    centres = _centres(rasters, settings)
    columns = (centres.lat_deg, centres.lon_deg, centres.maps)
    fingerprint = {
        "sources": [_source_state(source) for source in sources],
        "settings": asdict(settings),
        "encoder": sha256_of(model.path / ENCODER),
        "px": model.px,
        "centres": hashlib.sha256(b"".join(c.tobytes() for c in columns)).hexdigest(),
    }
    return Plan(rasters, opened, centres, settings, model.px, fingerprint)


def _centres(rasters: Sequence[Raster], settings: Settings) -> Centres:
    # Coverage is judged on the tile itself, when it is encoded: one read of the map, not two.
    found = [
        np.array(list(tiling.tile_centres(r, settings.tile_m, settings.overlap, 0.0)))
        for r in rasters
    ]
    lat, lon = np.concatenate([part.reshape(-1, 2) for part in found]).T
    maps = np.repeat(np.arange(len(rasters)), [len(part) for part in found]).astype(np.int32)
    return Centres(lat, lon, maps).rows(tiling.hilbert_order(lat, lon))


def _source_state(source: Source) -> Any:
    """Return what tells a map from a changed one without reading it; unique for an object."""
    if not isinstance(source, str | Path):
        return f"{source.name} {uuid.uuid4()}"
    path = Path(source).resolve()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    states = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
    return [str(path), hashlib.sha256(json.dumps(states).encode()).hexdigest()]
