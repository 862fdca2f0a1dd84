"""Open raster files through rasterio: few handles at a time, every failure a MapError."""

import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgegeo.errors import MapError, MissingExtraError

OPEN_FILES = 16  # handles held at a time, over all maps

Key = tuple[Path, int | None, int, int]  # path, overview, time of change, bytes


class _Handles:
    """Open rasterio datasets, least recently used first; the lock is held while one is read."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._open: OrderedDict[Key, Any] = OrderedDict()

    def get(self, key: Key) -> Any:
        dataset = self._open.pop(key, None)
        if dataset is None:
            dataset = _open(key[0], key[1])
        self._open[key] = dataset
        while len(self._open) > OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return dataset

    def close(self, path: Path) -> None:
        with self.lock:
            for key in [key for key in self._open if key[0] == path]:
                self._open.pop(key).close()


_HANDLES = _Handles()


@contextmanager
def opened(path: Path, level: int | None = None) -> Iterator[Any]:
    """Give the rasterio dataset of a file, or of one of its overviews; one thread at a time."""
    try:
        from rasterio.errors import RasterioError
    except ImportError as error:
        raise MissingExtraError.of("reading a GeoTIFF", "map") from error
    try:
        stat = path.stat()
    except OSError as error:
        raise MapError(f"no such file or directory: {path} ({error.strerror})") from error
    with _HANDLES.lock:
        try:
            yield _HANDLES.get((path, level, stat.st_mtime_ns, stat.st_size))
        except RasterioError as error:
            close(path)
            reason = error.__cause__ or error
            raise MapError(f"{path}: damaged, or no raster that GDAL reads ({reason})") from error


@contextmanager
def opened_image(data: bytes) -> Iterator[Any]:
    """Give the rasterio dataset of an image file held in memory."""
    try:
        from rasterio.errors import NotGeoreferencedWarning, RasterioError
        from rasterio.io import MemoryFile
    except ImportError as error:
        raise MissingExtraError.of("decoding map tiles", "map") from error
    with _HANDLES.lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # tiles know their place
        try:
            with MemoryFile(data) as file, file.open() as dataset:
                yield dataset
        except RasterioError as error:
            raise MapError(f"damaged, or no image that GDAL reads ({error})") from error


def close(path: Path) -> None:
    """Close every handle of a file."""
    _HANDLES.close(path)


def _open(path: Path, level: int | None) -> Any:
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told as a MapError instead
        return rasterio.open(path) if level is None else rasterio.open(path, overview_level=level)
