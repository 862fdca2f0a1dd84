"""Georeferenced maps: open one, cut a north-up square out of it at a latitude and longitude."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Protocol

from edgegeo.errors import MapError
from edgegeo.maps.arraymap import ArrayRaster as ArrayRaster
from edgegeo.maps.geotiff import GeoTiff
from edgegeo.maps.tilesets import TileSet
from edgegeo.maps.tilestore import MBTiles, TileFolder, TileStore, is_tile_folder
from edgegeo.maps.warp import Crop

FILES = (".tif", ".tiff", ".vrt", ".mbtiles")  # what a folder of maps is searched for


class Raster(Protocol):
    """One map. Latitude before longitude, degrees on WGS84; opening reads no more than needed.

    `warnings` says what was found and assumed, `licence` and `attribution` what the file
    itself tells of its source. A raster may be used from several threads.
    """

    @property
    def name(self) -> str: ...
    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(south, west, north, east) in degrees."""

    @property
    def gsd_m(self) -> float:
        """Metres a pixel in the middle of the map."""

    @property
    def licence(self) -> str | None: ...
    @property
    def attribution(self) -> str | None: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...

    def crop(self, lat_deg: float, lon_deg: float, side_m: float, px: int) -> Crop:
        """Return (rgb (px, px, 3) uint8, valid (px, px) float32) of a north-up square.

        Pixel (u, v) has its centre at east = (u - (px - 1) / 2) * side_m / px, north =
        -(v - (px - 1) / 2) * side_m / px from the given point. `valid` is the share of the
        pixel that has data; where it is 0 the colour is 0. Area antialiased, windowed reads.
        """

    def close(self) -> None: ...


def open_map(path: str | PathLike[str], *, nodata: float | None = None) -> Raster:
    """Open one map: a GeoTIFF, an MBTiles file, or a folder of XYZ tiles (z/x/y.png).

    `nodata` is the raw pixel value that means no data, over what the file says; giving it
    also switches off the search for untagged fill.

    Raises MapError when the file is missing, damaged, not georeferenced, or empty.
    """
    path = Path(path)
    if not path.exists():
        raise MapError(f"no such file or directory: {path}")
    if path.is_dir():
        if is_tile_folder(path):
            return _tile_set(TileFolder(path), nodata)
        raise MapError(f"{path}: a folder, and no set of tiles (z/x/y.png); name the maps in it")
    if path.suffix.lower() == ".mbtiles":
        return _tile_set(MBTiles(path), nodata)
    return GeoTiff(path, nodata)


def open_maps(paths: Iterable[str | PathLike[str]], nodata: float | None = None) -> list[Raster]:
    """Open maps in the order given; of a folder of rasters, each by name."""
    rasters: list[Raster] = []
    for path in map(Path, paths):
        folder = path.is_dir() and not is_tile_folder(path)
        inside = _rasters_in(path) if folder else [path]
        rasters += [open_map(file, nodata=nodata) for file in inside]
    if not rasters:
        raise MapError("no map given")
    return rasters


def _tile_set(store: TileStore, nodata: float | None) -> TileSet:
    try:
        return TileSet(store, nodata)
    except MapError:
        store.close()
        raise


def _rasters_in(folder: Path) -> list[Path]:
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in FILES and f.is_file())
    if not files:
        raise MapError(f"{folder}: holds no map; expected {', '.join(FILES)} or tiles z/x/y.png")
    return files
