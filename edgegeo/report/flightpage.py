"""The page of a flight log: map, time lines, states, Stanford diagram, frames with candidates.

Thinned out so that half an hour at 10 Hz stays under some 10 MB: a time line shows the worst of
each of 1500 equal spans of time, the tracks 1500 positions, 200 ellipses and 1500 fixes of a kind,
evenly spread; the table at most 120 frames and 1.8 MB of pictures, evenly spread. The figures and
the Stanford diagram are of everything.
"""

import base64
import json
from collections.abc import Iterable
from html import escape
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo.durable import write_file
from edgegeo.errors import DataError
from edgegeo.gallery import Gallery
from edgegeo.logs.flown import Flown, Key, read_flown
from edgegeo.logs.growing import time_of_day
from edgegeo.logs.mcapread import FlightRecords
from edgegeo.report import pieces
from edgegeo.report.drawing import scale_bar_m
from edgegeo.report.flightcards import flight_cards, integrity_rows
from edgegeo.report.flightlines import draw_lines, values_over_time
from edgegeo.report.flightmap import draw_flight, flight_extent, positions
from edgegeo.report.stanford import draw_stanford, integrity
from edgegeo.report.thin import evenly
from edgegeo.types import Fix

MOST_ROWS = 120
PICTURE_BYTES = 1_800_000
NEAREST_US = 1_000_000
HERE = Path(__file__).parent


def write_flight_report(
    path: str | PathLike[str], records: FlightRecords, gallery: Gallery | None = None
) -> Path:
    """Write one HTML page that works offline, with everything in it.

    Args:
        path: the page.
        records: the log, from `logs.read_log`; it is read twice.
        gallery: of the engine that was flown: it paints the map and the candidates.

    Errors are those of the estimates, which are about the camera, as the truth is; a fix is about
    the ground at the centre of its frame. Raises DataError for a damaged log, one without fixes
    and estimates, and an engine of other tiles than those that were found.
    """
    flown = read_flown(records)
    error_m = flown.error_m()
    if not len(flown.fixes) and not len(flown.estimates):
        raise DataError(f"{records.path} holds no fix and no estimate: nothing to report on")
    shown = _rows(flown)
    fixes, pictures = _read_rows(records, {flown.frames[i] for i in shown})
    _check_engine(records, fixes.values(), gallery)
    extent = flight_extent(flown, gallery)
    bar_m = scale_bar_m(extent)
    style, places = ("", {}) if gallery is None else pieces.sheet_style(gallery, fixes.values())
    start_us, _ = flown.span_us
    seconds, points = positions(flown, extent)
    data = {
        "track": {"seconds": seconds, "points": points},
        "rows": [round(1e-6 * (flown.frames[i][1] - start_us), 2) for i in shown],
        **values_over_time(flown, error_m),
    }
    when = "at an unknown time of day"  # as in a replay, whose clock is that of its file
    if flown.epoch_us:
        when = time_of_day(start_us + flown.epoch_us)
    early = ", which ends early" if records.truncated else ""
    page = _PAGE.format(
        title=escape(records.path.name),
        about=f"flown {when}{early}",
        css=_file("page.css") + _file("flight.css") + style,
        cards=flight_cards(flown, error_m),
        map=draw_flight(flown, shown, gallery, extent),
        ratio=f"{extent.size_m[0] / extent.size_m[1]:.4f}",
        bar_percent=f"{100 * bar_m / extent.size_m[0]:.2f}",
        bar_m=bar_m,
        lines=draw_lines(flown, error_m),
        integrity=_integrity(flown, error_m),
        rows="\n".join(
            _row(
                k,
                flown.frames[i],
                fixes[flown.frames[i]],
                error_m=_error_at(flown, error_m, flown.frames[i][1]),
                jpeg=pictures.get(flown.frames[i]),
                places=places,
            )
            for k, i in enumerate(shown)
        ),
        shown=f"{len(shown)} of {len(flown.fixes)} frames, evenly spread",
        data=json.dumps(data, allow_nan=False),
        js=_file("page.js") + _file("flight.js"),
    )
    out = Path(path)
    write_file(out, page.encode())
    return out


def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _rows(flown: Flown) -> NDArray[np.int64]:
    """Choose the fixes of the table, of those with a picture where there are any."""
    of = np.array([i for i, key in enumerate(flown.frames) if key in flown.pictures], np.int64)
    if not len(of):
        return evenly(len(flown.fixes), MOST_ROWS)
    mean_bytes = float(np.mean(list(flown.pictures.values())))
    return of[evenly(len(of), max(1, min(MOST_ROWS, int(PICTURE_BYTES / mean_bytes))))]


def _read_rows(records: FlightRecords, keys: set[Key]) -> tuple[dict[Key, Fix], dict[Key, bytes]]:
    """Read the fixes, with their candidates, and the pictures of the chosen frames."""
    fixes: dict[Key, Fix] = {}
    pictures: dict[Key, bytes] = {}
    for topic, time_us, value in records:
        if topic == "/fix/full" and (str(value[0]), time_us) in keys:
            fixes[str(value[0]), time_us] = value[1]
        elif topic == "/frame" and (value[0], time_us) in keys:
            pictures[value[0], time_us] = value[1]
    return fixes, pictures


def _check_engine(records: FlightRecords, fixes: Iterable[Fix], gallery: Gallery | None) -> None:
    if gallery is None:
        return
    highest = max((c.tile for fix in fixes for c in fix.candidates), default=0)
    if highest >= len(gallery):
        raise DataError(
            f"{records.path} found tile {highest}, the engine has {len(gallery)}: name the engine "
            "that was flown, or none"
        )


def _row(
    row: int,
    key: Key,
    fix: Fix,
    *,
    error_m: float | None,
    jpeg: bytes | None,
    places: pieces.Places,
) -> str:
    if places:
        candidates = pieces.tiles(fix, places, None, 0.0)
    else:
        scores = ", ".join(f"{c.score:.1f}" for c in fix.candidates[: pieces.CANDIDATES])
        candidates = f"<small>{scores}</small>"
    image = None
    if jpeg is not None:
        image = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
    return pieces.table_row(row, (key[0], fix), error_m=error_m, image=image, candidates=candidates)


def _error_at(flown: Flown, error_m: NDArray[np.float64], time_us: int) -> float | None:
    """Return the error of the given estimate nearest in time, at most a second away."""
    known = np.flatnonzero(flown.given & np.isfinite(error_m))
    if not len(known):
        return None
    apart_us = np.abs(flown.estimates.time_us[known] - time_us)
    nearest = int(apart_us.argmin())
    return float(error_m[known[nearest]]) if apart_us[nearest] <= NEAREST_US else None


def _integrity(flown: Flown, error_m: NDArray[np.float64]) -> str:
    sigma_m = flown.estimates.sigma_m
    known = flown.given & np.isfinite(error_m) & np.isfinite(sigma_m)
    if not known.any():
        return ""
    return (
        '<section class="panel" id="integrity"><h2>Stanford diagram</h2>'
        f"{draw_stanford(error_m[known], sigma_m[known])}"
        f"{integrity_rows(integrity(error_m[known], sigma_m[known]))}</section>"
    )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{css}
</style>
</head>
<body>
<header><h1>{title}</h1><p>{about}</p></header>
<section class="cards">{cards}</section>
<main>
<section class="panel" id="ground" style="--ratio:{ratio}">
{map}
<div class="scale" data-share="{bar_percent}" data-metres="{bar_m}"><i></i><span></span></div>
<ul class="key">
<li><i class="true"></i>true track</li><li><i class="found"></i>position, 1-sigma ellipses</li>
<li><i class="fix"></i>fixes: ground at the frame's centre</li><li><i class="no"></i>rejected</li>
<li class="hint">wheel or drag to move, double click to reset</li>
</ul>
</section>
<section class="panel" id="time">
<p id="reading">click a time line, a fix or a row</p>
{lines}
</section>
{integrity}
<section class="panel" id="list">
<table>
<thead><tr><th>{shown}</th><th></th><th>p(20 m)</th><th>error of the position</th><th>1-sigma</th>
<th>best candidates</th><th>ms</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>
</main>
<script type="application/json" id="data">{data}</script>
<script>
{js}
</script>
</body>
</html>
"""
