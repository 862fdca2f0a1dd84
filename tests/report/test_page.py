"""The report: figures by hand, a page that parses, and a page that works in a browser."""

import re

import numpy as np
import pytest

from edgegeo.geodesy import geo_from_enu
from edgegeo.report import write_report
from edgegeo.report.drawing import draw_map
from edgegeo.report.figures import figures
from edgegeo.report.mosaic import backdrop, extent_of, sheet
from edgegeo.types import Fix, Reject
from tests.report.browser import Outline, in_chromium, needs_chromium
from tests.report.located import LAT, LON, TILE_M, make_fix, make_gallery


def a_flight():
    rows, truth, frames = [], {}, {}
    _, rgb = make_gallery()
    for k in range(8):
        name = f"frame <{k}>.jpg"
        east, north = -100 + 28 * k, 40 * np.sin(k / 2)
        lat, lon = geo_from_enu(east, north, LAT, LON)
        truth[name] = (float(lat), float(lon))
        frames[name] = rgb[40 : 40 + 48, 20 * k : 20 * k + 64]
        rows.append((name, make_fix(east + 3.0, north + 4.0, Reject.AMBIGUOUS if k == 5 else None)))
    rows.append(("dark.jpg", Fix(time_us=0, lat_deg=None, lon_deg=None, cov_m2=None,
                                 probability=0.0, reject=Reject.NO_DETAIL)))  # fmt: skip
    return rows, truth, frames


@pytest.fixture
def page(tmp_path):
    rows, truth, frames = a_flight()
    gallery, _ = make_gallery()
    return write_report(
        tmp_path / "report.html", rows, gallery, title="A <flight>", truth=truth, frames=frames
    )


def test_figures_by_hand():
    rows, truth, _ = a_flight()
    of = figures(rows, truth)
    assert (of.frames, of.accepted) == (9, 7)
    assert of.rejects == (("AMBIGUOUS", 1), ("NO_DETAIL", 1))
    assert of.within_20m == pytest.approx(7 / 8)  # of the frames with truth
    assert of.median_error_m == pytest.approx(5.0, abs=1e-3)
    assert of.median_sigma_m == pytest.approx(np.sqrt(20.5 + np.hypot(4.5, 9)))
    assert of.total_ms == pytest.approx(9.8)


def test_without_truth_there_are_no_errors():
    rows, _, _ = a_flight()
    assert figures(rows).within_20m is None
    assert figures(rows).median_error_m is None
    assert figures([]).frames == 0


def test_the_backdrop_is_the_map_again():
    gallery, rgb = make_gallery()
    picture = backdrop(gallery, extent_of([], gallery))
    margin = int(TILE_M / 2)
    np.testing.assert_array_equal(picture[margin:-margin, margin:-margin], rgb)
    assert (picture[:margin] == 238).all()


def test_the_sheet_holds_each_tile_once():
    gallery, _ = make_gallery()
    picture, places = sheet(gallery, [7, 3, 7])
    assert picture.shape == (32, 64, 3)
    assert places == {3: (0, 0), 7: (1, 0)}
    np.testing.assert_array_equal(picture[:, 32:], gallery.thumbnails[7])


def test_the_ellipse_is_the_covariance():
    gallery, _ = make_gallery()
    fix = make_fix(0, 0, cov_m2=(100.0, 0.0, 4.0))
    svg = draw_map([("a", fix)], {}, gallery, extent_of([(LAT, LON)], gallery))
    assert 'rx="10.00" ry="2.00" transform="translate(0.00 -0.00) rotate(-0.0)"' in svg
    turned = make_fix(0, 0, cov_m2=(52.0, 48.0, 52.0))  # long axis to the north-east
    svg = draw_map([("a", turned)], {}, gallery, extent_of([(LAT, LON)], gallery))
    assert 'rx="10.00" ry="2.00"' in svg
    assert "rotate(-45.0)" in svg


def test_the_page_is_well_formed_and_self_contained(page):
    outline = Outline()
    outline.feed(page.read_text())
    assert not outline.open
    assert outline.urls
    assert all(url.startswith("data:") for url in outline.urls)
    assert not re.search(r"(?<!xmlns=\")https?://", page.read_text())
    rows = [a for tag, a in outline.starts if tag == "tr" and "data-row" in a]
    groups = [a for tag, a in outline.starts if tag == "g"]
    assert len(rows) == len(groups) == 9
    assert sum("rejected" in a["class"] for a in rows) == 2
    assert "&lt;flight&gt;" in page.read_text()
    assert "<flight>" not in page.read_text()


def test_a_page_without_frames_truth_or_rows(tmp_path):
    gallery, _ = make_gallery()
    rows, _, _ = a_flight()
    for name, some in (("a", rows), ("b", [])):
        page = write_report(tmp_path / name, some, gallery, title="Bare")
        outline = Outline()
        outline.feed(page.read_text())
        assert not outline.open
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


@needs_chromium
def test_a_browser_shows_it_without_error_and_a_click_marks_the_frame(page, tmp_path):
    probe = """
    document.querySelectorAll("tbody tr")[5].click();
    document.body.dataset.marked = document.querySelector("g.frame.on").dataset.row;
    document.querySelectorAll("g.frame")[2].dispatchEvent(new MouseEvent("click"));
    document.body.dataset.row = document.querySelector("tr.on").dataset.row;
    document.body.dataset.on = document.querySelectorAll("g.frame.on").length;
    """
    body, log = in_chromium(page, probe, tmp_path)
    assert 'data-marked="5"' in body
    assert 'data-row="2"' in body
    assert 'data-on="1"' in body
    assert 'data-faults=""' in body
    assert "CONSOLE" not in log
