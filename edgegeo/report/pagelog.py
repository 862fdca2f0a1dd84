"""Fixes and small pictures of their frames, kept for the report of a flight."""

from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import DataError
from edgegeo.gallery import Gallery
from edgegeo.report.page import write_report
from edgegeo.sources.opencv import require_cv2
from edgegeo.types import Fix

PICTURE_PX = 96  # long side
PICTURES = 1000  # frames with a picture; a page with more opens slowly
CANDIDATES = 8


class PageLog:
    """Writes the report at the end, also of a flight that Ctrl-C cut short."""

    def __init__(self, path: str | PathLike[str], gallery: Gallery, title: str) -> None:
        if not Path(path).parent.is_dir():
            raise DataError(f"cannot write {path}: its folder does not exist")
        self.path, self.gallery, self.title = path, gallery, title
        self.rows: list[tuple[str | int, Fix]] = []
        self.pictures: dict[str | int, NDArray[np.uint8]] = {}

    def add(self, frame: str | int, fix: Fix, image: NDArray[np.uint8]) -> None:
        """Keep one fix and, of the first thousand frames, a small RGB picture."""
        self.rows.append((frame, replace(fix, candidates=fix.candidates[:CANDIDATES])))
        if len(self.pictures) < PICTURES:
            self.pictures[frame] = _small(image)

    def __enter__(self) -> "PageLog":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.rows and (kind is None or issubclass(kind, KeyboardInterrupt)):
            write_report(self.path, self.rows, self.gallery, title=self.title, frames=self.pictures)


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    cv2 = require_cv2()
    shrink = min(1.0, PICTURE_PX / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * shrink)), max(1, round(image.shape[0] * shrink)))
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA)[..., ::-1])
