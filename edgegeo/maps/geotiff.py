"""GeoTIFF and every other georeferenced raster file GDAL reads, in any coordinate system."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import MapError
from edgegeo.maps import rasterfile
from edgegeo.maps.bands import (
    Bands,
    bands_of,
    fill_warnings,
    has_mask,
    is_fill,
    read_raw,
    stretch_of,
)
from edgegeo.maps.mapfill import find_fill, grow
from edgegeo.maps.projection import Placement
from edgegeo.maps.warp import Crop, Pixels, Weights, box_shrink, nothing, pixel_from_tile, warp

OVERVIEW_PX = 512  # longest side of the overview that fill and stretch are taken from
READ_PX = 4_000_000  # pixels read at a time; a larger window is shrunk strip by strip


class GeoTiff:
    """A raster file, read window by window; see satmap.Raster for what it offers."""

    def __init__(self, path: Path, nodata: float | None = None) -> None:
        self.path, self.name = path, path.name
        with rasterfile.opened(path) as dataset:
            self._placement = Placement.of(dataset, path)
            bands = bands_of(dataset, nodata)
            self._masked = has_mask(dataset, nodata)
            self._levels = tuple(dataset.overviews(1))
            tags = {key.upper(): text for key, text in dataset.tags().items()}
            raw, mask = _overview(dataset, bands, self._masked)
        valid = bands.valid(raw, mask)
        self._fill = find_fill(raw, valid) if nodata is None else None
        if self._fill is not None:
            valid &= ~(is_fill(raw, self._fill) & self._fill.cells)
        if not valid.any():
            what = "no pixel has data" if self._fill is None else "all of it is one colour"
            raise MapError(f"{path}: {what}; if its nodata value is wrong, override it")
        stretch = None if bands.palette is not None else stretch_of(raw, valid)
        self._bands = replace(bands, stretch=stretch)
        self._near_fill = None if self._fill is None else grow(self._fill.cells)
        self.bounds, self.gsd_m = self._placement.bounds(), self._placement.gsd_m()
        self.warnings = fill_warnings(self._fill, self._bands)
        self.licence: str | None = tags.get("LICENCE") or tags.get("LICENSE")
        self.attribution: str | None = tags.get("ATTRIBUTION") or tags.get("TIFFTAG_COPYRIGHT")

    def crop(self, lat_deg: float, lon_deg: float, side_m: float, px: int) -> Crop:
        """Return (rgb (px, px, 3) uint8, valid (px, px) float32) of a north-up square."""
        edges = self._placement.tile_in_raster(lat_deg, lon_deg, side_m)
        if edges is None:
            return nothing(px)
        shrink = float(np.hypot(*(edges[1] - edges[0])) / px)
        with rasterfile.opened(self.path, self._level(shrink)) as dataset:
            size = np.array([dataset.width, dataset.height])
            edges = edges * (size / self._placement.size)
            rim = 2 + np.ptp(edges, axis=0) / px  # so that no block at the rim is a part block
            low = np.maximum(np.floor(edges.min(axis=0) - rim).astype(np.int64), 0)
            high = np.minimum(np.ceil(edges.max(axis=0) + rim).astype(np.int64), size)
            if (low >= high).any():
                return nothing(px)
            area = int(np.prod(high - low))
            k = 1 if area <= READ_PX else max(1, int(np.ptp(edges, axis=0).min() / px / 2))
            rgb, weight = self._strips(dataset, low, high, k)
        return warp(rgb, weight, pixel_from_tile((edges - low) / k - 0.5, px), px)

    def close(self) -> None:
        """Close the file; a later crop opens it again."""
        rasterfile.close(self.path)

    def _level(self, shrink: float) -> int | None:
        """Return the overview to read: still twice as fine as the crop. Mixed values have no use
        where single values matter: in a palette, beside a fill, with a nodata value."""
        if (
            self._fill is not None
            or self._bands.nodata is not None
            or self._bands.palette is not None
        ):
            return None
        return max((i for i, f in enumerate(self._levels) if f <= shrink / 2), default=None)

    def _strips(
        self, dataset: Any, low: NDArray[np.int64], high: NDArray[np.int64], k: int
    ) -> tuple[Pixels, Weights]:
        """Read pixels [low, high) (x, y), shrunk k times, a strip of rows at a time."""
        rows = max(k, READ_PX // int(high[0] - low[0]) // k * k)
        parts = []
        for top in range(int(low[1]), int(high[1]), rows):
            rgb, weight = self._read(
                dataset, (top, min(top + rows, int(high[1]))), (low[0], high[0])
            )
            parts.append((rgb, weight) if k == 1 else box_shrink(rgb, weight, k, k))
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _read(
        self, dataset: Any, rows: tuple[int, int], cols: tuple[int, int]
    ) -> tuple[Pixels, Weights]:
        raw, mask = read_raw(dataset, self._bands, self._masked, window=(rows, cols))
        valid = self._bands.valid(raw, mask)
        if self._fill is not None and self._near_fill is not None:
            width, height = self._placement.size
            h, w = self._near_fill.shape
            near = self._near_fill[np.arange(*rows) * h // height][:, np.arange(*cols) * w // width]
            if near.any():
                valid &= ~(near & is_fill(raw, self._fill))
        return self._bands.rgb(raw), valid.astype(np.uint8) * np.uint8(255)


def _overview(
    dataset: Any, bands: Bands, masked: bool
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Pick pixels of the whole raster, and touch the last one: a truncated file fails here."""
    width, height = dataset.width, dataset.height
    dataset.read(bands.indexes, window=((height - 1, height), (width - 1, width)))
    share = min(1.0, OVERVIEW_PX / max(width, height))
    shape = (max(1, round(height * share)), max(1, round(width * share)))
    return read_raw(dataset, bands, masked, out_shape=shape)
