"""The page of a flight log, made by the real writer: figures, a browser, long and poor logs."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from edgegeo.cli import main
from edgegeo.errors import DataError
from edgegeo.logs import FlightLog, read_log
from edgegeo.logs.flown import read_flown
from edgegeo.report import write_flight_report
from edgegeo.report.flightmap import flight_extent, positions
from edgegeo.sighting import Estimate, State
from tests.report.browser import Outline, in_chromium, needs_chromium
from tests.report.flown import EPOCH_US, geo, where, write_flown
from tests.report.located import make_fix, make_gallery

pytest.importorskip("mcap")
pytest.importorskip("cv2")


GALLERY, RGB = make_gallery()


def picture(k):
    return np.ascontiguousarray(RGB[3 * k % 150 :, 5 * k % 120 :, ::-1][:120, :160])


def write_log(path, **options):
    with FlightLog(path, EPOCH_US) as log:
        write_flown(log, **options)
    return read_log(path)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flight")
    records = write_log(folder / "a <flight>.mcap", picture=picture)
    return write_flight_report(folder / "report.html", records, GALLERY)


def outline_of(page):
    outline = Outline()
    outline.feed(page.read_text())
    assert not outline.open
    return outline


def cards_of(page):
    found = re.findall(
        r'class="card"><span>(.*?)</span><b>(.*?)</b><small>(.*?)</small>', page.read_text()
    )
    return {label: (value, note) for label, value, note in found}


def test_the_figures_by_hand(page):
    cards = cards_of(page)
    assert cards["flight"][0] == "0:19"
    assert cards["frames located"] == ("153 of 200", "not located: 47 ambiguous")
    assert cards["position given"] == ("90 %", "of 200 estimates, the first after 2.0 s")
    assert cards["median error"] == ("3.0 m", "95 % within 4.0 m")
    assert cards["misleading"] == ("0", "of 180 positions with a known error, over 50 m")
    assert cards["age of the last frame"] == ("0.1 s", "99 % under 1.5 s")
    assert cards["time to locate"] == ("63.0 ms", "a frame, 99 % under 66.0 ms")


def test_the_page_is_well_formed_and_self_contained(page):
    outline, text = outline_of(page), page.read_text()
    assert all(url.startswith("data:") for url in outline.urls)
    assert not re.search(r"https?://", text)
    assert "<flight>" not in text
    assert "no &lt;sighting&gt;" in text
    images = [a["src"] for tag, a in outline.starts if tag == "img"]
    assert len(images) == 120
    assert all(src.startswith("data:image/jpeg;base64,/9j/") for src in images)
    assert text.count('class="tile"') == 4 * 120
    assert text.count('<ellipse class="sigma" rx="2.00" ry="1.00"') == 150
    assert text.count('<ellipse class="sigma" rx="5.00" ry="1.00"') == 30


def test_what_the_pointer_reads_is_what_was_flown(page):
    data = json.loads(re.search(r'id="data">(.*?)</script>', page.read_text()).group(1))
    lines = {name: (time_s, value) for name, time_s, value in data["lines"]}
    at = lines["error, m"][0].index(13.0)
    assert lines["error, m"][1][at] == pytest.approx(4.0, abs=1e-3)
    assert lines["1-sigma, m"][1][at] == 5.0
    assert lines["of the position"][1][lines["of the position"][0].index(13.0)] == 0.8
    assert [state for _, state in data["states"]] == [
        *("SEARCHING", "TRACKING", "DEAD_RECKONING", "TRACKING"),
    ]
    assert [second for second, _ in data["states"]] == [0.0, 2.0, 12.0, 15.0]
    assert data["track"]["points"][0] is None  # searching: no position
    assert data["rows"][0] == 0.0
    assert set(lines["exposure to tracker, ms"][1]) == {95.0}
    assert max(lines["locate, ms"][1]) == 66.0


@needs_chromium
def test_a_browser_clicks_through_it_without_error(page, tmp_path):
    probe = """
    const say = (name, value) => { document.body.dataset[name] = value; };
    const reading = () => document.getElementById("reading").textContent;
    document.querySelectorAll("#list tbody tr")[60].click();
    say("marked", document.querySelector("g.frame.on").dataset.row);
    say("row", reading());
    const plot = document.querySelectorAll(".plot svg")[1].getBoundingClientRect();
    const click = (share) => document.querySelectorAll(".plot svg")[1].dispatchEvent(
      new MouseEvent("click", { clientX: plot.left + share * plot.width, clientY: plot.top + 5 }));
    click(0.05);
    say("early", reading());
    say("nowhere", document.querySelector("#map .here").getAttribute("d"));
    click(13 / 19.9);
    say("plot", reading());
    say("now", document.querySelector(".now").getAttribute("d"));
    say("here", document.querySelector("#map .here").getAttribute("d"));
    document.querySelectorAll("g.frame")[2].dispatchEvent(new MouseEvent("click"));
    say("on", document.querySelectorAll("#list tr.on, g.frame.on").length);
    const before = document.getElementById("map").getAttribute("viewBox");
    document.getElementById("map").dispatchEvent(
      new WheelEvent("wheel", { deltaY: -300, clientX: 200, clientY: 200 }));
    say("zoomed", before !== document.getElementById("map").getAttribute("viewBox"));
    say("width", document.documentElement.scrollWidth <= window.innerWidth);
    """
    body, log = in_chromium(page, probe, tmp_path)
    said = dict(re.findall(r'data-([\w-]+)="([^"]*)"', body))
    assert said["faults"] == ""
    assert "CONSOLE" not in log
    assert said["marked"] == "60"
    assert said["row"].startswith("0:10.0  ·  TRACKING  ·  error, m 3")
    assert said["early"].startswith("0:01.0  ·  SEARCHING")
    assert "error" not in said["early"].replace("of the position", "")
    assert said["nowhere"] == ""
    assert said["plot"].startswith("0:13.0  ·  DEAD_RECKONING  ·  error, m 4")
    assert "1-sigma, m 5" in said["plot"]
    assert re.match(r"M65[23]\.", said["now"])  # the pointer stands on whole pixels
    flown = read_flown(read_log(page.parent / "a <flight>.mcap"))
    seconds, points = positions(flown, flight_extent(flown, GALLERY))
    east, south = points[seconds.index(13.0)]
    assert said["here"] == f"M{east:g} {south:g}h0"
    assert said["on"] == "2"
    assert (said["zoomed"], said["width"]) == ("true", "true")


def test_the_map_shows_the_flight_and_not_a_far_wrong_fix(tmp_path):
    with FlightLog(tmp_path / "f.mcap", EPOCH_US) as log:
        write_flown(log)
        log.add_fix("far", make_fix(40_000.0, 0.0, time_us=6_000_000))
    extent = flight_extent(read_flown(read_log(tmp_path / "f.mcap")), None)
    assert max(extent.size_m) < 400


def test_without_engine_truth_and_pictures_there_is_still_a_page(tmp_path):
    records = write_log(tmp_path / "f.mcap", truth=False)
    page = write_flight_report(tmp_path / "report.html", records)
    outline_of(page)
    cards = cards_of(page)
    assert "median error" not in cards
    assert "misleading" not in cards
    assert cards["position given"][0] == "90 %"
    assert "Stanford" not in page.read_text()
    assert "<small>-0.3, -4.0, -0.7, -0.8</small>" in page.read_text()  # scores in place of tiles
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.mcap", "report.html"]


def test_a_wrong_position_is_counted_and_drawn_in_its_region(tmp_path):
    with FlightLog(tmp_path / "f.mcap", EPOCH_US) as log:
        write_flown(log)
        east, north = where(20.0)
        lat, lon = geo(east + 80.0, north)
        log.add_truth(25_000_000, *geo(east, north))
        log.add_estimate(
            Estimate(
                time_us=25_000_000,
                state=State.TRACKING,
                lat_deg=lat,
                lon_deg=lon,
                cov_m2=(4.0, 0.0, 4.0),
            )
        )
    page = write_flight_report(tmp_path / "report.html", read_log(tmp_path / "f.mcap"))
    assert cards_of(page)["misleading"][0] == "1"
    assert 'protection level below</small></td><td class="n">1</td>' in page.read_text()


def test_an_engine_that_was_not_flown_is_told(tmp_path):
    with FlightLog(tmp_path / "f.mcap", EPOCH_US) as log:
        fix = make_fix(0.0, 0.0)
        log.add_fix(0, replace(fix, candidates=(replace(fix.candidates[0], tile=81),)))
    records = read_log(tmp_path / "f.mcap")
    with pytest.raises(DataError, match="found tile 81, the engine has 81: name the engine"):
        write_flight_report(tmp_path / "report.html", records, GALLERY)
    assert not (tmp_path / "report.html").exists()


def test_an_empty_log_is_told_and_a_cut_one_shown(tmp_path, capsys):
    with FlightLog(tmp_path / "empty.mcap"):
        pass
    out = str(tmp_path / "report.html")
    assert main(["report", str(tmp_path / "empty.mcap"), "--out", out]) == 2
    assert "holds no fix and no estimate" in capsys.readouterr().err
    write_log(tmp_path / "f.mcap")
    whole = (tmp_path / "f.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(whole[: len(whole) // 2])
    assert main(["report", str(tmp_path / "cut.mcap"), "--out", out]) == 0
    assert capsys.readouterr().out.strip() == out
    assert "which ends early" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_half_an_hour_at_ten_hertz_stays_small(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (60, 80, 3)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
    records = write_log(tmp_path / "f.mcap", seconds=1800.0, picture=lambda k: np.roll(noise, k, 1))
    assert sum(read_flown(records).pictures.values()) > 200e6
    page = write_flight_report(tmp_path / "report.html", records, GALLERY)
    assert page.stat().st_size < 6e6
    assert cards_of(page)["position given"][1] == "of 18000 estimates, the first after 2.0 s"
    assert len([a for tag, a in outline_of(page).starts if tag == "tr" and "data-row" in a]) > 50
