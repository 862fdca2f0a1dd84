"""The two tables of UAV-VisLoc: where its maps lie, and where its frames were taken."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgegeo.datasets.records import Geo
from edgegeo.errors import DataError

HEADING = "Phi1"  # the more reliable of the set's two headings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One frame: its ground point at the centre, height above ground, and heading if known."""

    file: str
    at: Geo
    height_m: float
    heading_deg: float | None


def read_ranges(path: Path) -> dict[str, tuple[Geo, Geo]]:
    """Return the north-west and south-east corner of each map, by its two digits."""
    ranges = {}
    for where, cells in _rows(path, "mapname", *_CORNERS):
        digits = re.match(r"satellite(\d\d)", cells["mapname"])
        if digits is None:
            raise DataError(f"{where}: mapname must be satellite<NN>.tif, got {cells['mapname']!r}")
        north, west, south, east = (_number(cells, name, where) for name in _CORNERS)
        if not (north > south and east > west):
            raise DataError(f"{where}: LT must be north-west of RB, got {cells}")
        ranges[digits[1]] = (Geo(north, west), Geo(south, east))
    return ranges


def read_shots(path: Path) -> list[Shot]:
    """Return the frames of one flight.

    Columns are taken by name. Counted from the end, as Game4Loc does, the heading of map 07,
    whose table stops at the height, would be its longitude.
    """
    return [
        Shot(
            file=cells["filename"],
            at=Geo(_number(cells, "lat", where), _number(cells, "lon", where)),
            height_m=_number(cells, "height", where),
            heading_deg=_number(cells, HEADING, where) if cells.get(HEADING) else None,
        )
        for where, cells in _rows(path, "filename", "lat", "lon", "height")
    ]


_CORNERS = ("LT_lat_map", "LT_lon_map", "RB_lat_map", "RB_lon_map")


def _rows(path: Path, *required: str) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        lines = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
        header = [cell.strip() for cell in next(lines, [])]
        missing = [name for name in required if name not in header]
        if missing:
            raise DataError(f"{path} lacks the column {', '.join(missing)}; it has {header}")
        for line in lines:
            if any(cell.strip() for cell in line):
                cells = dict(zip(header, (cell.strip() for cell in line), strict=False))
                yield f"{path} line {lines.line_num}", cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {path} as a CSV table: {error}") from error


def _number(cells: dict[str, str], name: str, where: str) -> float:
    text = cells.get(name, "")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise DataError(f"{where}: {name} must be a number, got {text!r}")
    return value
