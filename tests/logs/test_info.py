"""A log as arrays, and summed up: figures by hand."""

import numpy as np
import pytest

from edgegeo.cli import main
from edgegeo.geodesy import geo_from_enu
from edgegeo.logs import FlightLog, read_log
from edgegeo.logs.flown import read_flown
from edgegeo.logs.info import describe
from edgegeo.sighting import Estimate, State
from tests.logs.flight_log import EPOCH_US, write_flight

pytest.importorskip("mcap")


@pytest.fixture
def log(tmp_path):
    with FlightLog(tmp_path / "flight.mcap", EPOCH_US) as file:
        write_flight(file)
    return tmp_path / "flight.mcap"


def at(second, east_m=0.0):
    lat, lon = geo_from_enu(east_m, 10.0 * second, 47.0, 8.0)
    return float(lat), float(lon)


def test_a_log_as_arrays(log):
    flown = read_flown(read_log(log))
    assert flown.frames == (("a & b.jpg", 1_000_000), ("7", 2_000_000))
    assert flown.rejects == (None, "NO_CANDIDATE")
    np.testing.assert_allclose(flown.fixes.sigma_m, [np.sqrt(2.5 + np.hypot(1.5, 0.5)), np.nan])
    assert flown.given.tolist() == [False, *[True] * 4, False, *[True] * 4]
    np.testing.assert_allclose(flown.age_s[1:5], 0.2)
    assert not len(flown.late_us)  # this flight's loop did not tell the time since exposure
    assert list(flown.pictures) == [("7", 2_000_000)]
    assert flown.span_us == (0, 9_000_000)
    assert flown.seconds_in_states() == {"TRACKING": 7.0, "SEARCHING": 1.0, "LOST": 1.0}


def test_errors_are_told_only_where_truth_stands_close_around(tmp_path):
    with FlightLog(tmp_path / "f.mcap", EPOCH_US) as file:
        for tenth in range(100):
            lat, lon = at(tenth / 10, east_m=3.0)
            file.add_estimate(
                Estimate(
                    time_us=tenth * 100_000,
                    state=State.TRACKING,
                    lat_deg=lat,
                    lon_deg=lon,
                    cov_m2=(1.0, 0.0, 1.0),
                )
            )
        for second in (1, 2, 3, 6, 7):
            file.add_truth(second * 1_000_000, *at(second))
    error_m = read_flown(read_log(tmp_path / "f.mcap")).error_m()
    known = [k for k in range(100) if 10 <= k <= 30 or 60 <= k <= 70]
    assert np.flatnonzero(np.isfinite(error_m)).tolist() == known
    np.testing.assert_allclose(error_m[known], 3.0, atol=1e-3)


def test_the_summary(log):
    lines = dict(line.split(maxsplit=1) for line in describe(read_log(log)).splitlines())
    assert lines["started"] == "2026-09-21T14:13:20.000Z"
    assert lines["duration"] == "9.0 s"
    assert lines["fixes"] == "2, 1 accepted (50.0 %), 1 NO_CANDIDATE"
    assert lines["estimates"] == "10, 80.0 % a position to go by"
    assert lines["states"] == "TRACKING 7.0 s, SEARCHING 1.0 s, LOST 1.0 s"
    assert lines["frames"] == "1 with a picture"


def test_a_log_cut_short_and_an_empty_one_are_summed_up_too(log, tmp_path, capsys):
    short = tmp_path / "short.mcap"
    short.write_bytes(log.read_bytes()[:-200])
    assert main(["log", "info", str(short)]) == 0
    assert "short.mcap, ends early" in capsys.readouterr().out
    with FlightLog(tmp_path / "empty.mcap", epoch_us=0):
        pass
    empty = describe(read_log(tmp_path / "empty.mcap"))
    assert "fixes     none" in empty
    assert "started" not in empty  # the time of day at zero of its clock is not known


def test_the_command_names_what_is_no_log(tmp_path, capsys):
    (tmp_path / "x.mcap").write_bytes(b"no log at all")
    assert main(["log", "info", str(tmp_path / "x.mcap")]) == 2
    assert "is not an MCAP file" in capsys.readouterr().err
