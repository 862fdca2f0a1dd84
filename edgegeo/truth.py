"""The truth table of a flight, and the table of poses a user's own log can give."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from edgegeo.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthRow:
    """Where the centre of one frame lies, and where known its heading and scale."""

    name: str | int  # a file's name, or a frame's index in a video
    lat_deg: float
    lon_deg: float
    heading_deg: float | None = None
    gsd_m: float | None = None
    place: str | None = None  # the `map` column: frames of one place are one bootstrap block


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """What the sensors say of one frame."""

    heading_deg: float | None = None
    gsd_m: float | None = None


def read_truth(path: str | PathLike[str], *, numbered: bool | None = None) -> tuple[TruthRow, ...]:
    """Read the rows of a truth table.

    Columns: `file` or `frame`, `lat_deg`, `lon_deg`, and where known `heading_deg`,
    `gsd_m_per_px` and `map`; others are ignored. `numbered` says which of the first two must
    be there: True for the frames of a video, False for files, None for either.

    Blanks and quotes around names and numbers are tolerated; an empty optional cell means
    unknown. Raises DataError, with the line, for anything missing, not finite, out of
    range, or named twice.
    """
    rows = tuple(
        TruthRow(
            name=cells.name,
            lat_deg=cells.number("lat_deg", -90, 90),
            lon_deg=cells.number("lon_deg", -180, 180),
            heading_deg=cells.optional("heading_deg", -360, 360),
            gsd_m=cells.optional("gsd_m_per_px", 1e-6, 1e3),
            place=cells.text("map") or None,
        )
        for cells in _read(Path(path), numbered, required=("lat_deg", "lon_deg"))
    )
    if not rows:
        raise DataError(f"{path} has a header but no row")
    return rows


def read_poses(path: str | PathLike[str], *, numbered: bool | None = None) -> dict[str | int, Pose]:
    """Read `heading_deg` and `gsd_m_per_px` of a table like the truth's, by frame."""
    return {
        cells.name: Pose(
            heading_deg=cells.optional("heading_deg", -360, 360),
            gsd_m=cells.optional("gsd_m_per_px", 1e-6, 1e3),
        )
        for cells in _read(Path(path), numbered, required=())
    }


@dataclass(frozen=True, slots=True)
class _Cells:
    where: str  # "truth.csv line 3"
    name: str | int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def number(self, column: str, low: float, high: float) -> float:
        text = self.text(column)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            got = repr(text) if text else "an empty cell"
            raise DataError(f"{self.where}: {column} must be in [{low:g}, {high:g}], got {got}")
        return value

    def optional(self, column: str, low: float, high: float) -> float | None:
        return self.number(column, low, high) if self.text(column) else None


def _clean(cell: str | None) -> str:
    return (cell or "").strip().strip("\"'").strip()


def _read(path: Path, numbered: bool | None, required: tuple[str, ...]) -> Iterator[_Cells]:
    keys = {None: ("file", "frame"), False: ("file",), True: ("frame",)}[numbered]
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path} as a CSV table: {error}") from error
    lines = csv.reader(text.splitlines(), skipinitialspace=True)
    try:
        header = [_clean(cell) for cell in next(lines, [])]
        key = next((k for k in keys if k in header), None)
        missing = [] if key else [" or ".join(keys)]
        missing += [column for column in required if column not in header]
        if missing:
            raise DataError(f"{path} lacks the column {', '.join(missing)}; it has {header}")
        seen: set[str | int] = set()
        for line in lines:
            cells = dict(zip(header, map(_clean, line), strict=False))
            if not any(cells.values()):
                continue
            where = f"{path} line {lines.line_num}"
            name = _name(cells.get(str(key), ""), key == "frame", where)
            if name in seen:
                raise DataError(f"{where}: {key} {name} is named twice")
            seen.add(name)
            yield _Cells(where, name, cells)
    except csv.Error as error:
        raise DataError(f"{path} line {lines.line_num}: {error}") from error


def _name(text: str, numbered: bool, where: str) -> str | int:
    if not numbered:
        if not text:
            raise DataError(f"{where}: file must name an image, got an empty cell")
        return text
    if not text.isdecimal():
        raise DataError(f"{where}: frame must be an index from 0, got {text!r}")
    return int(text)
