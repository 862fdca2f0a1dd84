"""The tiles of a map as a drone carries them: six memory-mapped files, rows in Hilbert order."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy
from edgegeo.errors import EngineError, RangeError
from edgegeo.types import Prior

TILE_DTYPE = np.dtype([("lat_deg", "<f8"), ("lon_deg", "<f8"), ("map", "<i4"), ("coverage", "<f4")])
THUMBNAIL_PX = 32
BLOCK_ROWS = 256  # rows that share one bounding box in `rows_within`

# file -> dtype and number of dimensions; every file has one row a tile
FILES: dict[str, tuple[np.dtype[Any], int]] = {
    "embeddings": (np.dtype(np.int8), 2),
    "embedding_scales": (np.dtype("<f4"), 1),
    "tokens": (np.dtype(np.int8), 3),
    "token_scales": (np.dtype("<f4"), 1),
    "tiles": (TILE_DTYPE, 1),
    "thumbnails": (np.dtype(np.uint8), 4),
}


@dataclass(frozen=True, eq=False)
class Gallery:
    """All tiles of one engine, read-only; rows follow a Hilbert curve over the ground.

    embeddings        (n, d) int8, times embedding_scales (n,) float32: unit rows
    tokens            (n, t, c) int8, times token_scales (n,) float32
    lat_deg, lon_deg  (n,) float64, centres of the tiles
    maps              (n,) int32, row of the manifest's list of maps
    coverage          (n,) float32, share of the tile that shows the ground
    thumbnails        (n, 32, 32, 3) uint8 RGB
    tile_m            side of a tile on the ground, in metres
    """

    embeddings: NDArray[np.int8]
    embedding_scales: NDArray[np.float32]
    tokens: NDArray[np.int8]
    token_scales: NDArray[np.float32]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    maps: NDArray[np.int32]
    coverage: NDArray[np.float32]
    thumbnails: NDArray[np.uint8]
    tile_m: float
    _boxes: NDArray[np.float64] = field(init=False, repr=False)  # (blocks, 4) s, n, w, e

    def __post_init__(self) -> None:
        starts = np.arange(0, len(self), BLOCK_ROWS)
        edges = [
            reduce.reduceat(values, starts)
            for values in (self.lat_deg, self.lon_deg)
            for reduce in (np.minimum, np.maximum)
        ]
        object.__setattr__(self, "_boxes", np.stack(edges, axis=1))

    def __len__(self) -> int:
        return len(self.lat_deg)

    def rows_within(self, prior: Prior, margin_m: float = 0.0) -> NDArray[np.int64]:
        """Return the rows whose centre lies in the prior's circle widened by `margin_m`.

        As (m, 2) int64 ranges [start, stop): ascending, disjoint, no two touching; m is 0
        when no tile lies there. Only blocks of rows near the circle are looked at.
        """
        if not margin_m >= 0:
            raise RangeError.of("margin_m", "zero or more metres", margin_m)
        reach_m = prior.radius_m + margin_m
        blocks = np.flatnonzero(self._blocks_near(prior, reach_m))
        if len(blocks) == 0:
            return np.empty((0, 2), np.int64)
        rows = (blocks[:, None] * BLOCK_ROWS + np.arange(BLOCK_ROWS)).ravel()
        rows = rows[rows < len(self)]
        away_m = geodesy.distance_m(
            self.lat_deg[rows], self.lon_deg[rows], prior.lat_deg, prior.lon_deg
        )
        return ranges_from_rows(rows[away_m <= reach_m])

    def _blocks_near(self, prior: Prior, reach_m: float) -> NDArray[np.bool_]:
        """Return which bounding boxes may touch the circle; may err only by taking more."""
        south, north, west, east = self._boxes.T
        lat_reach = 1.02 * reach_m / 110_000
        near = (south <= prior.lat_deg + lat_reach) & (north >= prior.lat_deg - lat_reach)
        shrink = np.cos(np.radians(min(abs(prior.lat_deg) + lat_reach, 90.0)))
        lon_reach = min(lat_reach / max(float(shrink), 1e-6), 360.0)
        to_middle = np.mod((west + east) / 2 - prior.lon_deg + 180.0, 360.0) - 180.0
        near &= np.abs(to_middle) - (east - west) / 2 <= lon_reach
        return np.asarray(near, np.bool_)


def ranges_from_rows(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Merge ascending, distinct rows into (m, 2) ranges [start, stop).

    >>> ranges_from_rows(np.array([2, 3, 4, 9])).tolist()
    [[2, 5], [9, 10]]
    """
    if len(rows) == 0:
        return np.empty((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(rows) != 1)
    starts = rows[np.concatenate([[0], breaks + 1])]
    stops = rows[np.concatenate([breaks, [len(rows) - 1]])] + 1
    return np.stack([starts, stops], axis=1).astype(np.int64)


def open_gallery(folder: Path, *, tiles: int, tokens: int, tile_m: float) -> Gallery:
    """Map the six files of a gallery of `tiles` rows with `tokens` tokens each.

    Raises EngineError when a file is missing, is not such an array, or disagrees in shape.
    """
    arrays = {name: _map_file(folder / f"{name}.npy", *FILES[name], tiles) for name in FILES}
    for name, trailing in (
        ("tokens", (tokens, arrays["tokens"].shape[-1])),
        ("thumbnails", (THUMBNAIL_PX, THUMBNAIL_PX, 3)),
    ):
        if arrays[name].shape[1:] != trailing:
            expected = (tiles, *trailing)
            raise EngineError(
                f"{folder / name}.npy must be {expected}, got {arrays[name].shape}; "
                "build the engine again"
            )
    # Copied: 24 bytes a tile, read in every frame with a prior.
    lat_deg, lon_deg, maps, coverage = (
        np.ascontiguousarray(arrays["tiles"][key]) for key in TILE_DTYPE.names or ()
    )
    # Written so that nan fails too.
    if not (np.all(np.abs(lat_deg) <= 90) and np.all(np.abs(lon_deg) <= 180)):
        raise EngineError(f"{folder / 'tiles.npy'} holds positions that are not on the Earth")
    return Gallery(
        embeddings=arrays["embeddings"],
        embedding_scales=arrays["embedding_scales"],
        tokens=arrays["tokens"],
        token_scales=arrays["token_scales"],
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        maps=maps,
        coverage=coverage,
        thumbnails=arrays["thumbnails"],
        tile_m=tile_m,
    )


def _map_file(path: Path, dtype: np.dtype[Any], ndim: int, rows: int) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as error:
        raise EngineError(f"{path} cannot be mapped as a .npy array: {error}") from error
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != ndim:
        raise EngineError(f"{path} must hold {ndim} dimensions of {dtype}, got {array!r:.80}")
    if len(array) != rows or not array.flags.c_contiguous:
        raise EngineError(f"{path} must have {rows} rows, got {array.shape}")
    return np.asarray(array)  # a plain view: np.memmap is slow to index
