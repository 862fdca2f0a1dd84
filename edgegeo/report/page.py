"""Put a report together: figures, map, and one table row a frame."""

from collections.abc import Mapping, Sequence
from html import escape
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import png
from edgegeo.durable import write_file
from edgegeo.gallery import Gallery
from edgegeo.report import pieces
from edgegeo.report.drawing import draw_map, scale_bar_m
from edgegeo.report.figures import Figures, Name, Row, Truth, error_m, figures
from edgegeo.report.mosaic import extent_of

Thumbnails = Mapping[Name, NDArray[np.uint8]]

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
    sheet_css, places = pieces.sheet_style(gallery, [fix for _, fix in rows])
    points = [truth[name] for name, _ in rows if name in truth]
    points += [(f.lat_deg, f.lon_deg) for _, f in rows if f.accepted and f.lat_deg is not None
               and f.lon_deg is not None]  # fmt: skip
    extent = extent_of(points, gallery)
    lines = [
        pieces.table_row(
            i,
            (name, fix),
            error_m=error_m(fix, truth.get(name)),
            image=png.data_uri(frames[name]) if name in frames else None,
            candidates=pieces.tiles(fix, places, truth.get(name), gallery.tile_m),
        )
        for i, (name, fix) in enumerate(rows)
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
    write_file(out, page.encode())
    return out


def _cards(of: Figures) -> str:
    reasons = ", ".join(f"{count} {pieces.words(name)}" for name, count in of.rejects)
    return pieces.cards(
        [
            ("located", f"{of.accepted} of {of.frames}", f"not located: {reasons or 'none'}"),
            ("within 20 m", pieces.percent(of.within_20m), "of all frames, accepted and right"),
            (
                "median error",
                pieces.metres(of.median_error_m),
                f"95 % within {pieces.metres(of.p95_error_m)}",
            ),
            ("median 1-sigma", pieces.metres(of.median_sigma_m), "as the localiser states it"),
            ("median time", f"{of.total_ms:.1f} ms", "a frame, all stages"),
        ]
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
