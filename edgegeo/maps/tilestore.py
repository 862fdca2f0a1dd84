"""Where web map tiles are stored: an MBTiles file (SQLite), or a folder of z/x/y images."""

import re
import sqlite3
import threading
from pathlib import Path
from typing import Any, Protocol

from edgegeo.errors import MapError

IMAGES = (".png", ".jpg", ".jpeg", ".webp")
TMS_MARK = "tilemapresource.xml"  # gdal2tiles writes it beside tiles whose rows count upwards

Extent = tuple[int, int, int, int]  # x0, y0, x1, y1: tiles [x0, x1) x [y0, y1)


class TileStore(Protocol):
    """Encoded tiles by zoom, x and y; y counts from the north (XYZ)."""

    name: str
    zooms: tuple[int, ...]  # ascending
    licence: str | None  # as the file tells
    attribution: str | None

    def extent(self, zoom: int) -> Extent: ...
    def any_tile(self, zoom: int) -> tuple[int, int]: ...
    def read(self, zoom: int, x: int, y: int) -> bytes | None: ...
    def close(self) -> None: ...


class MBTiles:
    """The tiles of an MBTiles file; its rows count from the south (TMS)."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self._lock = threading.Lock()
        try:
            uri = f"{path.resolve().as_uri()}?mode=ro"
            self._file = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise MapError(f"{path}: cannot be opened ({error})") from error
        try:
            rows = self._ask(
                "SELECT zoom_level, MIN(tile_column), MIN(tile_row), MAX(tile_column),"
                " MAX(tile_row) FROM tiles WHERE zoom_level BETWEEN 0 AND 30"
                " GROUP BY zoom_level ORDER BY zoom_level"
            )
            about = dict(self._ask("SELECT name, value FROM metadata"))
            if about.get("format") in ("pbf", "mvt"):
                raise MapError(f"{path}: holds vector tiles; a map of images is needed")
            if not rows:
                raise MapError(f"{path}: holds no tile")
        except MapError:
            self._file.close()
            raise
        self._extents = {z: (x0, 2**z - 1 - y1, x1 + 1, 2**z - y0) for z, x0, y0, x1, y1 in rows}
        self.zooms = tuple(self._extents)
        self.licence = _plain(about.get("licence") or about.get("license"))
        self.attribution = _plain(about.get("attribution"))

    def extent(self, zoom: int) -> Extent:
        return self._extents[zoom]

    def any_tile(self, zoom: int) -> tuple[int, int]:
        ask = "SELECT tile_column, tile_row FROM tiles WHERE zoom_level = ? LIMIT 1"
        x, row = self._ask(ask, zoom)[0]
        return x, 2**zoom - 1 - row

    def read(self, zoom: int, x: int, y: int) -> bytes | None:
        rows = self._ask(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            zoom,
            x,
            2**zoom - 1 - y,
        )
        return bytes(rows[0][0]) if rows and rows[0][0] else None

    def close(self) -> None:
        self._file.close()

    def _ask(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._file.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise MapError(f"{self.path}: damaged, or no MBTiles file ({error})") from error


class TileFolder:
    """The tiles of a folder z/x/y.png (or .jpg, .webp); rows count from the north (XYZ), or
    from the south where gdal2tiles left its tilemapresource.xml."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.licence: str | None = None
        self.attribution: str | None = None
        self._upwards = (path / TMS_MARK).exists()
        self._first: dict[int, tuple[int, int]] = {}
        self._extents: dict[int, Extent] = {}
        for zoom, folder in sorted(_numbered(path)):
            columns = [(x, _rows_in(inside)) for x, inside in sorted(_numbered(folder))]
            columns = [(x, rows) for x, rows in columns if rows]
            if columns:
                low = min(rows[0] for _, rows in columns)
                high = max(rows[-1] for _, rows in columns)
                if self._upwards:
                    low, high = self._turned(zoom, high), self._turned(zoom, low)
                self._extents[zoom] = (columns[0][0], low, columns[-1][0] + 1, high + 1)
                x, rows = columns[0]
                self._first[zoom] = (x, self._turned(zoom, rows[0]))
        if not self._extents:
            raise MapError(f"{path}: holds no tile z/x/y of {', '.join(IMAGES)}")
        self.zooms = tuple(self._extents)

    def extent(self, zoom: int) -> Extent:
        return self._extents[zoom]

    def any_tile(self, zoom: int) -> tuple[int, int]:
        return self._first[zoom]

    def read(self, zoom: int, x: int, y: int) -> bytes | None:
        place = self.path / str(zoom) / str(x) / str(self._turned(zoom, y))
        for suffix in IMAGES:
            try:
                return place.with_suffix(suffix).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise MapError(f"{place}: cannot be read ({error})") from error
        return None

    def close(self) -> None:
        """Nothing to release."""

    def _turned(self, zoom: int, y: int) -> int:
        return 2**zoom - 1 - y if self._upwards else y


def is_tile_folder(path: Path) -> bool:
    """Tell whether a folder is laid out as z/x/y images."""
    columns = (column for _, zoom in _numbered(path) for _, column in _numbered(zoom))
    return any(_rows_in(column) for column in columns)


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    return [(int(f.name), f) for f in folder.iterdir() if f.name.isdecimal() and f.is_dir()]


def _rows_in(folder: Path) -> list[int]:
    files = (f for f in folder.iterdir() if f.suffix.lower() in IMAGES)
    return sorted(int(f.stem) for f in files if f.stem.isdecimal())


def _plain(text: str | None) -> str | None:
    """Return an attribution without its HTML."""
    return re.sub(r"<[^>]*>", "", text).strip() or None if text else None
