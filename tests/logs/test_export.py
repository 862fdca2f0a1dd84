"""Flight logs in other formats, parsed back by readers that know the formats' rules."""

import csv
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgegeo.cli import main
from edgegeo.logs import FlightLog
from tests.logs.flight_log import ACCEPTED, EPOCH_US, write_flight

pytest.importorskip("mcap")
pytest.importorskip("cv2")
KML = "{http://www.opengis.net/kml/2.2}"
GPX = "{http://www.topografix.com/GPX/1/1}"
FIRST_FIX = datetime.fromtimestamp(EPOCH_US / 1e6 + 1).astimezone()


@pytest.fixture
def flight(tmp_path):
    path = tmp_path / "flight.mcap"
    with FlightLog(path, EPOCH_US) as log:
        write_flight(log)
    return path


def exported(flight, ending):
    out = flight.with_suffix(f".{ending}")
    assert main(["log", "export", str(flight), str(out)]) == 0
    return out


def in_order(element, names):
    """Whether an element's children come in the order in which the schema has them."""
    places = [names.index(child.tag.split("}")[1]) for child in element]
    return places == sorted(places)


def coordinates(element):
    return [tuple(map(float, c.split(","))) for c in element.text.split()]


def test_kml(flight):
    root = ElementTree.parse(exported(flight, "kml")).getroot()
    assert root.tag == KML + "kml"
    assert in_order(root[0], ["name", "Style", "Placemark"])
    first, track = root.iter(KML + "Placemark")
    assert in_order(first, ["name", "TimeStamp", "styleUrl", "ExtendedData", "Point"])
    assert first.findtext(KML + "name") == "a & b.jpg"
    assert coordinates(first.find(f"{KML}Point/{KML}coordinates")) == [(-117.5, 34.12345679)]
    when = first.findtext(f"{KML}TimeStamp/{KML}when")
    assert datetime.fromisoformat(when.replace("Z", "+00:00")) == FIRST_FIX
    styles = {f"#{style.get('id')}" for style in root.iter(KML + "Style")}
    assert {p.findtext(KML + "styleUrl") for p in (first, track)} <= styles
    lines = list(track.iter(KML + "LineString"))
    assert [len(coordinates(line.find(KML + "coordinates"))) for line in lines] == [4, 4]


def test_gpx(flight):
    root = ElementTree.parse(exported(flight, "gpx")).getroot()
    assert root.tag == GPX + "gpx"
    assert root.get("version") == "1.1"
    assert root.get("creator")
    assert in_order(root, ["metadata", "wpt", "rte", "trk"])
    (point,) = root.iter(GPX + "wpt")
    assert in_order(point, ["ele", "time", "name", "cmt", "desc"])
    assert (float(point.get("lat")), float(point.get("lon"))) == (34.12345679, -117.5)
    assert datetime.fromisoformat(point.findtext(GPX + "time").replace("Z", "+00:00")) == FIRST_FIX
    segments = [len(segment) for segment in root.iter(GPX + "trkseg")]
    assert segments == [4, 4]  # broken where it was lost


def test_geojson_has_the_fixes_and_the_flown_track(flight):
    features = json.loads(exported(flight, "geojson").read_text())["features"]
    assert [f["properties"].get("track") for f in features] == [None, None, "estimate"]
    assert len(features[-1]["geometry"]["coordinates"]) == 8


def test_csv_has_the_fixes(flight):
    with exported(flight, "csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == ["a & b.jpg", "7"]
    assert float(rows[0]["probability"]) == ACCEPTED.probability


def test_the_name_of_the_output_may_be_left_out(flight, capsys):
    assert main(["log", "export", str(flight), "--format", "kml"]) == 0
    assert capsys.readouterr().out.strip() == str(flight.with_suffix(".kml"))
    assert flight.with_suffix(".kml").is_file()


def test_a_log_that_ends_early_is_exported_up_to_there(flight, capsys):
    flight.write_bytes(flight.read_bytes()[:-100])
    exported(flight, "gpx")
    assert "ends early" in capsys.readouterr().err


def test_rerun_reads_its_recording(flight):
    """By Rerun's own command, which says of each piece where it belongs and when it was."""
    pytest.importorskip("rerun")
    out = exported(flight, "rrd")
    command = [str(Path(sys.executable).with_name("rerun")), "rrd", "print", str(out)]
    env = os.environ | {"XDG_CONFIG_HOME": str(flight.parent)}  # where it keeps its settings
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
    for entity in ("/fix", "/estimate", "/frame", "/state", "/probability", "/timings_ms/locate"):
        assert f" {entity} " in told
    assert not out.with_name("flight.rrd.partial").exists()


def test_without_rerun_the_extra_is_named(flight, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    assert main(["log", "export", str(flight), "--format", "rrd"]) == 2
    assert "edgegeo[rerun]" in capsys.readouterr().err


@pytest.mark.parametrize("out", [["x.shp"], ["flight.mcap", "--format", "kml"], []])
def test_what_cannot_be_written_is_explained(flight, capsys, monkeypatch, out):
    monkeypatch.chdir(flight.parent)
    before = flight.read_bytes()
    assert main(["log", "export", "flight.mcap", *out]) == 2
    assert "edgegeo: error:" in capsys.readouterr().err
    assert flight.read_bytes() == before
