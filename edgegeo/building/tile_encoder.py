"""Map tiles to gallery rows: crop, leave out what cannot be told apart, encode, quantise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy
from edgegeo.backends import Runner
from edgegeo.building.gallery_writer import Shard, ShardCounts
from edgegeo.errors import EngineError
from edgegeo.gallery import THUMBNAIL_PX, TILE_DTYPE
from edgegeo.maps.satmap import Raster
from edgegeo.preprocess import grey_detail, network_input, thumbnail
from edgegeo.search import quantise_rows

BATCH = 32
MIN_COVERAGE = 0.6  # of the tile, or of what a raster smaller than a tile could fill
MIN_DETAIL = 2 / 255  # standard deviation of grey over the covered part


@dataclass(frozen=True, eq=False)
class Centres:
    """Where tiles are to be cut."""

    lat_deg: NDArray[np.float64]  # (n,)
    lon_deg: NDArray[np.float64]  # (n,)
    maps: NDArray[np.int32]  # (n,) row of the list of rasters

    def __len__(self) -> int:
        return len(self.lat_deg)

    def __iter__(self) -> Iterator[tuple[float, float, int]]:
        return zip(self.lat_deg.tolist(), self.lon_deg.tolist(), self.maps.tolist(), strict=True)

    def rows(self, rows: slice | NDArray[np.int64]) -> "Centres":
        return Centres(self.lat_deg[rows], self.lon_deg[rows], self.maps[rows])


class TileEncoder:
    """Encodes tiles of `tile_m` metres as (px, px) pictures, BATCH at a time."""

    def __init__(self, encoder: Runner, rasters: Sequence[Raster], tile_m: float, px: int) -> None:
        self._encoder, self._rasters = encoder, rasters
        self._tile_m, self._px = tile_m, px
        self._min_coverage = [MIN_COVERAGE * fillable(r.bounds, tile_m) for r in rasters]

    def encode(self, centres: Centres) -> Shard:
        """Return the rows of the tiles worth keeping, in the order given."""
        images: list[NDArray[np.float32]] = []
        batches: list[dict[str, NDArray[Any]]] = []
        tiles: list[tuple[float, float, int, float]] = []
        thumbnails: list[NDArray[np.uint8]] = []
        uncovered = plain = 0
        for lat, lon, at in centres:
            rgb, valid = self._rasters[at].crop(lat, lon, self._tile_m, self._px)
            coverage = float(valid.mean())
            if coverage < self._min_coverage[at]:
                uncovered += 1
                continue
            if grey_detail(rgb, valid) < MIN_DETAIL:
                plain += 1
                continue
            images.append(network_input(rgb, valid))
            tiles.append((lat, lon, at, coverage))
            thumbnails.append(thumbnail(rgb, THUMBNAIL_PX))
            if len(images) == BATCH:
                batches.append(self._encoded(images))
                images.clear()
        if images:
            batches.append(self._encoded(images))
        names = batches[0] if batches else {}
        arrays = {name: np.concatenate([batch[name] for batch in batches]) for name in names}
        arrays["tiles"] = np.array(tiles, TILE_DTYPE)
        arrays["thumbnails"] = np.array(thumbnails, np.uint8)
        return Shard(arrays, ShardCounts(len(tiles), uncovered, plain))

    def _encoded(self, images: list[NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
        out = self._encoder.run({"image": np.stack(images)})
        if not all(np.isfinite(out[name]).all() for name in ("embedding", "tokens")):
            raise EngineError("the encoder gives values that are not finite on this map")
        embeddings, embedding_scales = quantise_rows(out["embedding"])
        tokens, token_scales = quantise_rows(out["tokens"])
        return {
            "embeddings": embeddings,
            "embedding_scales": embedding_scales,
            "tokens": tokens,
            "token_scales": token_scales,
        }


def fillable(bounds: tuple[float, float, float, float], tile_m: float) -> float:
    """Return the share of a tile that a raster of these bounds can fill, at most 1."""
    south, west, north, east = bounds
    lat, lon = (south + north) / 2, (west + east) / 2
    width_m = float(geodesy.enu_from_geo(lat, east, lat, west)[0])
    height_m = float(geodesy.enu_from_geo(north, lon, south, lon)[1])
    return min(1.0, width_m / tile_m) * min(1.0, height_m / tile_m)
