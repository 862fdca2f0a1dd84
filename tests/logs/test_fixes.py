"""Fixes written down: exact keys, whole files, null where nothing is known."""

import csv
import json

import pytest

from edgegeo.errors import DataError
from edgegeo.logs import CsvLog, GeoJsonLog, fix_line
from edgegeo.types import Candidate, Fix, Reject, Timings

FIX = Fix(
    time_us=40,
    lat_deg=34.1234567891,
    lon_deg=-117.5,
    cov_m2=(4.0, 0.0, 1.0),
    probability=0.97,
    candidates=(
        Candidate(
            tile=3,
            lat_deg=34.1,
            lon_deg=-117.5,
            found_lat_deg=34.2,
            found_lon_deg=-117.6,
            retrieval=0.8,
            score=-0.1,
        ),
    ),
    timings_ms=Timings(rectify=1.23456),
)
NOTHING = Fix(
    time_us=80,
    lat_deg=None,
    lon_deg=None,
    cov_m2=None,
    probability=0.0,
    reject=Reject.NO_CANDIDATE,
)


def test_a_line_has_the_promised_keys():
    assert json.loads(fix_line("a.jpg", FIX)) == {
        "frame": "a.jpg",
        "time_us": 40,
        "accepted": True,
        "reject": None,
        "lat_deg": 34.12345679,
        "lon_deg": -117.5,
        "cov_ee_m2": 4.0,
        "cov_en_m2": 0.0,
        "cov_nn_m2": 1.0,
        "sigma_m": 2.0,
        "probability": 0.97,
        "candidates": [{"lat_deg": 34.1, "lon_deg": -117.5, "score": -0.1}],
        "timings_ms": {
            "rectify": 1.235,
            "encode": 0.0,
            "search": 0.0,
            "pairs": 0.0,
            "rank": 0.0,
            "fix": 0.0,
        },
    }


def test_a_line_without_a_position_has_the_same_keys():
    line = json.loads(fix_line(7, NOTHING))
    assert list(line) == list(json.loads(fix_line("a", FIX)))
    assert line["frame"] == 7
    assert line["reject"] == "NO_CANDIDATE"
    assert line["lat_deg"] is line["cov_ee_m2"] is line["sigma_m"] is None


def test_csv_has_empty_cells_for_what_is_unknown(tmp_path):
    with CsvLog(tmp_path / "f.csv") as log:
        log.add("a, b.jpg", FIX)
        log.add(1, NOTHING)
    with (tmp_path / "f.csv").open() as file:
        first, second = csv.DictReader(file)
    assert first["frame"] == "a, b.jpg"
    assert first["accepted"] == "1"
    assert first["sigma_m"] == "2.0"
    assert second["reject"] == "NO_CANDIDATE"
    assert second["lat_deg"] == ""


def test_geojson_has_points_longitude_first_and_a_track_of_accepted(tmp_path):
    with GeoJsonLog(tmp_path / "f.geojson") as log:
        for i, fix in enumerate([FIX, NOTHING, FIX]):
            log.add(i, fix)
    features = json.loads((tmp_path / "f.geojson").read_text())["features"]
    assert features[0]["geometry"]["coordinates"] == [-117.5, 34.12345679]
    assert features[1]["geometry"] is None
    assert features[1]["properties"]["reject"] == "NO_CANDIDATE"
    assert len(features[3]["geometry"]["coordinates"]) == 2
    assert len(features) == 4


def test_an_empty_flight_is_still_geojson(tmp_path):
    with GeoJsonLog(tmp_path / "f.geojson"):
        pass
    assert json.loads((tmp_path / "f.geojson").read_text())["features"] == []


def log_two_then(error, path):
    with CsvLog(path) as log:
        log.add(0, FIX)
        log.add(1, FIX)
        raise error


def test_an_interrupted_log_is_whole_and_a_failed_one_stands_aside(tmp_path):
    path = tmp_path / "f.csv"
    with pytest.raises(KeyboardInterrupt):
        log_two_then(KeyboardInterrupt(), path)
    assert len(path.read_text().splitlines()) == 3
    path.write_text("an older log")
    with pytest.raises(DataError):
        log_two_then(DataError("frame 2 is broken"), path)
    assert path.read_text() == "an older log"
    assert len((tmp_path / "f.csv.partial").read_text().splitlines()) == 3


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot write"):
        CsvLog(tmp_path / "none" / "f.csv")
