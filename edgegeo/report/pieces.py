"""What both pages are made of: cards of figures, a table row a frame, tiles of a sheet."""

from collections.abc import Iterable, Mapping
from html import escape

from edgegeo import png
from edgegeo.gallery import Gallery
from edgegeo.geodesy import distance_m
from edgegeo.report.figures import Row
from edgegeo.report.mosaic import sheet
from edgegeo.types import Candidate, Fix

CANDIDATES = 4  # shown beside each frame
SHOWN_PX = 50  # side of a candidate on the page
UNKNOWN = "\N{EN DASH}"
Places = Mapping[int, tuple[int, int]]  # gallery row to (column, line) in the sheet


def cards(shown: Iterable[tuple[str, str, str]]) -> str:
    """Return the cards of (label, value, note); one whose value is not known is left out."""
    return "".join(
        f'<div class="card"><span>{label}</span><b>{escape(value)}</b>'
        f"<small>{escape(note)}</small></div>"
        for label, value, note in shown
        if value != UNKNOWN
    )


def sheet_style(gallery: Gallery, fixes: Iterable[Fix]) -> tuple[str, Places]:
    """Return the CSS that holds all candidates' tiles as one picture, and where each stands."""
    shown = [c.tile for fix in fixes for c in fix.candidates[:CANDIDATES]]
    picture, places = sheet(gallery, shown)
    across = picture.shape[1] // gallery.thumbnails.shape[1] * SHOWN_PX
    uri = png.data_uri(picture)
    return f".tile{{background-image:url({uri});background-size:{across}px}}", places


def tiles(fix: Fix, places: Places, truth: tuple[float, float] | None, tile_m: float) -> str:
    """Return the best candidates as squares; with a truth, the right ones are marked."""
    return "".join(_tile(c, places[c.tile], truth, tile_m) for c in fix.candidates[:CANDIDATES])


def table_row(
    index: int, row: Row, *, error_m: float | None, image: str | None, candidates: str
) -> str:
    """Return one line of the table; `image` is a data URI, `candidates` HTML."""
    name, fix = row
    picture = "" if image is None else f'<img alt="frame" src="{image}">'
    state = "accepted" if fix.accepted else "rejected"
    return (
        f'<tr class="{state}" data-row="{index}" tabindex="0"><td>{picture}</td>'
        f"<td><b>{escape(str(name))}</b>{_status(fix)}</td>"
        f'<td class="n"><div class="p"><i style="width:{100 * fix.probability:.0f}%"></i></div>'
        f"{fix.probability:.2f}</td>"
        f'<td class="n">{metres(error_m)}</td>'
        f'<td class="n">{metres(fix.sigma_m)}</td>'
        f'<td class="tiles">{candidates}</td>'
        f'<td class="n">{fix.timings_ms.total:.1f}</td></tr>'
    )


def words(name: str) -> str:
    return name.lower().replace("_", " ")


def metres(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1f} m"


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{100 * share:.0f} %"


def _status(fix: Fix) -> str:
    if fix.reject is None:
        where = f"{fix.lat_deg:.6f}, {fix.lon_deg:.6f}"
        return f'<small class="ok">{where}</small>'
    return f'<small class="no" title="{escape(fix.reject.value)}">{words(fix.reject.name)}</small>'


def _tile(
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
