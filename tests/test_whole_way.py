"""Map, engine, simulated flight, evaluation and logs through the real localizer."""

import json

import pytest

from edgegeo.cli import main
from edgegeo.localizer import Localizer
from edgegeo.logs import FlightLog
from edgegeo.simulation.simulate import simulate
from edgegeo.sources import open_frames
from tests.sample_engine import sample_engine, sample_map

pytest.importorskip("cv2")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An engine and a flight of four frames over its map, heading north, level."""
    folder = tmp_path_factory.mktemp("whole")
    engine = sample_engine(folder)
    simulate(
        [sample_map()],
        folder / "flight",
        count_per_map=4,
        footprint_m=50,
        size=(160, 120),
        tilt_deg=0,
        heading=0.0,
    )
    return engine, folder / "flight"


def test_evaluate(place, tmp_path, capsys):
    engine, flight = place
    out = tmp_path / "results.json"
    flags = ["--frames", str(flight), "--truth", str(flight / "truth.csv"), "--out", str(out)]
    assert main(["evaluate", str(engine), *flags, "--threads", "1"]) == 0
    results = json.loads(out.read_text())
    assert results["frames"] == 4
    assert results["accepted"] + sum(results["rejects"].values()) == 4
    assert results["settings"]["tiles"] > 4
    assert results["blocks"] == 4
    assert "4 frames" in capsys.readouterr().out


def test_locate_with_poses(place, tmp_path, capsys):
    engine, flight = place
    table = tmp_path / "fixes.csv"
    flags = ["--poses", str(flight / "truth.csv"), "--csv", str(table), "--threads", "1"]
    assert main(["locate", str(engine), str(flight), *flags]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 4
    assert all(line["candidates"] for line in lines)
    assert len(table.read_text().splitlines()) == 5


def test_locate_with_a_report(place, tmp_path, capsys):
    engine, flight = place
    page = tmp_path / "report.html"
    flags = ["--gsd-m", "0.4", "--heading-deg", "0", "--report", str(page), "--threads", "1"]
    assert main(["locate", str(engine), str(flight), *flags]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    text = page.read_text()
    assert "flight in sample.edgegeo" in text
    assert "_003" in text


def test_a_log_of_real_fixes_becomes_a_page_with_the_map(place, tmp_path, capsys):
    pytest.importorskip("mcap")
    engine, flight = place
    localizer = Localizer(engine, threads=1)
    with FlightLog(tmp_path / "flight.mcap") as log:
        for second, frame in enumerate(open_frames(flight).frames()):
            time_us = 1_000_000 * second
            fix = localizer.locate(frame.image, gsd_m=0.4, heading_deg=0.0, time_us=time_us)
            log.add_fix(frame.name, fix)
            log.add_frame(frame.name, time_us, frame.image)
    page = tmp_path / "report.html"
    flags = ["--engine", str(engine), "--out", str(page)]
    assert main(["report", str(tmp_path / "flight.mcap"), *flags]) == 0
    assert capsys.readouterr().out.strip() == str(page)
    text = page.read_text()
    assert text.count('<img alt="frame" src="data:image/jpeg;base64,') == 4
    assert text.count('class="tile"') == 16
    assert '<image x="' in text


def test_info(place, capsys):
    engine, _ = place
    assert main(["info", str(engine), "--verify"]) == 0
    assert "tiles" in capsys.readouterr().out


def test_a_flight_is_refused_where_an_engine_is_expected(place, capsys):
    engine, flight = place
    assert main(["locate", str(flight), str(engine)]) == 2
    assert capsys.readouterr().err.startswith("edgegeo: error: ")
