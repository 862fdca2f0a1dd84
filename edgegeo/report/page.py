"""Put a report together: figures, map, and one table row a frame."""

from collections.abc import Mapping, Sequence
from html import escape
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import png
from edgegeo.gallery import Gallery
from edgegeo.geodesy import distance_m
from edgegeo.report.drawing import draw_map, scale_bar_m
from edgegeo.report.figures import Figures, Name, Row, Truth, error_m, figures
from edgegeo.report.mosaic import extent_of, sheet
from edgegeo.types import Candidate, Fix

Thumbnails = Mapping[Name, NDArray[np.uint8]]

CANDIDATES = 4  # shown beside each frame
SHOWN_PX = 50  # side of a candidate on the page
UNKNOWN = "\N{EN DASH}"
HERE = Path(__file__).parent


def write_report(
    path: str | PathLike[str],
    rows: Sequence[Row],
    gallery: Gallery,
    *,
    title: str,
    truth: Truth | None = None,
    frames: Thumbnails | None = None,
) -> Path:
    """Write one HTML page that works offline, with everything in it.

    Args:
        path: the page.
        rows: (frame name, Fix), in the order of the flight.
        gallery: what the frames were located in; its thumbnails paint the map.
        title: heading of the page.
        truth: frame name to (lat_deg, lon_deg), where known.
        frames: frame name to a small RGB picture, (h, w, 3) uint8.

    Needs nothing beyond the core install. Returns the path.
    """
    truth, frames = truth or {}, frames or {}
    shown = [c.tile for _, fix in rows for c in fix.candidates[:CANDIDATES]]
    picture, places = sheet(gallery, shown)
    points = [truth[name] for name, _ in rows if name in truth]
    points += [(f.lat_deg, f.lon_deg) for _, f in rows if f.accepted and f.lat_deg is not None
               and f.lon_deg is not None]  # fmt: skip
    extent = extent_of(points, gallery)
    across = picture.shape[1] // gallery.thumbnails.shape[1] * SHOWN_PX
    sheet_css = f".tile{{background-image:url({png.data_uri(picture)});background-size:{across}px}}"
    lines = [
        _table_row(i, row, truth.get(row[0]), frames.get(row[0]), places, gallery.tile_m)
        for i, row in enumerate(rows)
    ]
    bar_m = scale_bar_m(extent)
    page = _PAGE.format(
        title=escape(title),
        css=(HERE / "page.css").read_text(encoding="utf-8") + sheet_css,
        js=(HERE / "page.js").read_text(encoding="utf-8"),
        cards=_cards(figures(rows, truth)),
        stages=_stages(figures(rows, truth)),
        map=draw_map(rows, truth, gallery, extent),
        ratio=f"{extent.size_m[0] / extent.size_m[1]:.4f}",
        bar_percent=f"{100 * bar_m / extent.size_m[0]:.2f}",
        bar_m=bar_m,
        tiles=f"{len(gallery):,}",
        tile_m=f"{gallery.tile_m:g}",
        rows="\n".join(lines),
    )
    out = Path(path)
    beside = out.with_name(out.name + ".tmp")
    beside.write_text(page, encoding="utf-8")
    return beside.replace(out)


def _cards(of: Figures) -> str:
    reasons = ", ".join(f"{count} {_words(name)}" for name, count in of.rejects)
    cards = [
        ("located", f"{of.accepted} of {of.frames}", f"not located: {reasons or 'none'}"),
        ("within 20 m", _percent(of.within_20m), "of all frames, accepted and right"),
        ("median error", _metres(of.median_error_m), f"95 % within {_metres(of.p95_error_m)}"),
        ("median 1-sigma", _metres(of.median_sigma_m), "as the localiser states it"),
        ("median time", f"{of.total_ms:.1f} ms", "a frame, all stages"),
    ]
    return "".join(
        f'<div class="card"><span>{label}</span><b>{escape(value)}</b>'
        f"<small>{escape(note)}</small></div>"
        for label, value, note in cards
        if value != UNKNOWN
    )


def _stages(of: Figures) -> str:
    if of.total_ms <= 0:
        return ""
    parts = "".join(
        f'<i class="s{k}" style="flex:{ms:.4f}" title="{name} {ms:.2f} ms"></i>'
        for k, (name, ms) in enumerate(of.stages_ms)
    )
    legend = "".join(
        f'<span><i class="s{k}"></i>{name} {ms:.2f} ms</span>'
        for k, (name, ms) in enumerate(of.stages_ms)
    )
    return f'<div class="bar">{parts}</div><div class="legend">{legend}</div>'


def _table_row(
    index: int,
    row: Row,
    truth: tuple[float, float] | None,
    frame: NDArray[np.uint8] | None,
    places: Mapping[int, tuple[int, int]],
    tile_m: float,
) -> str:
    name, fix = row
    image = "" if frame is None else f'<img alt="frame" src="{png.data_uri(frame)}">'
    tiles = "".join(
        _candidate(c, places[c.tile], truth, tile_m) for c in fix.candidates[:CANDIDATES]
    )
    state = "accepted" if fix.accepted else "rejected"
    return (
        f'<tr class="{state}" data-row="{index}" tabindex="0"><td>{image}</td>'
        f"<td><b>{escape(str(name))}</b>{_status(fix)}</td>"
        f'<td class="n"><div class="p"><i style="width:{100 * fix.probability:.0f}%"></i></div>'
        f"{fix.probability:.2f}</td>"
        f'<td class="n">{_metres(error_m(fix, truth))}</td>'
        f'<td class="n">{_metres(fix.sigma_m)}</td>'
        f'<td class="tiles">{tiles}</td>'
        f'<td class="n">{fix.timings_ms.total:.1f}</td></tr>'
    )


def _status(fix: Fix) -> str:
    if fix.reject is None:
        where = f"{fix.lat_deg:.6f}, {fix.lon_deg:.6f}"
        return f'<small class="ok">{where}</small>'
    return f'<small class="no" title="{escape(fix.reject.value)}">{_words(fix.reject.name)}</small>'


def _candidate(
    candidate: Candidate,
    place: tuple[int, int],
    truth: tuple[float, float] | None,
    tile_m: float,
) -> str:
    right = ""
    if truth is not None:
        off_m = float(distance_m(candidate.lat_deg, candidate.lon_deg, *truth))
        right = " right" if off_m <= tile_m / 2 else " wrong"
    at = f"-{place[0] * SHOWN_PX}px -{place[1] * SHOWN_PX}px"
    return (
        f'<span class="tile{right}" style="background-position:{at}" '
        f'title="tile {candidate.tile}, score {candidate.score:.3f}, '
        f'retrieval {candidate.retrieval:.3f}"></span>'
    )


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _metres(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1f} m"


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{100 * share:.0f} %"


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
<header><h1>{title}</h1><p>{tiles} tiles of {tile_m} m in the gallery</p></header>
<section class="cards">{cards}</section>
<main>
<section class="panel" id="ground" style="--ratio:{ratio}">
{map}
<div class="scale" data-share="{bar_percent}" data-metres="{bar_m}"><i></i><span></span></div>
<ul class="key">
<li><i class="true"></i>true track</li><li><i class="found"></i>found, 1-sigma ellipse</li>
<li><i class="no"></i>rejected</li>
<li class="hint">wheel or drag to move, double click to reset</li>
</ul>
{stages}
</section>
<section class="panel" id="list">
<table>
<thead><tr><th>frame</th><th></th><th>p(20 m)</th><th>error</th><th>1-sigma</th>
<th>best candidates</th><th>ms</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>
</main>
<script>
{js}
</script>
</body>
</html>
"""
