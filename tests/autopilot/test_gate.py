"""What goes out and what does not. Each rule has a case that only it refuses."""

import math
from dataclasses import replace

import pytest

from edgegeo.autopilot.gate import Gate, Limits, Silence
from edgegeo.autopilot.output import OutputFix
from edgegeo.errors import RangeError
from edgegeo.sighting import Estimate, State
from tests.autopilot.fixes import a_fix

NOW_US = 100_000_000
GOOD = Estimate(
    time_us=NOW_US,
    state=State.TRACKING,
    lat_deg=59.4,
    lon_deg=24.7,
    cov_m2=(9.0, 1.0, 16.0),
    north_m_s=1.0,
    east_m_s=2.0,
    probability=0.9,
    sighted_us=NOW_US - 200_000,
    relocated=3,
)


def said(now_us=NOW_US, **changes):
    return Gate().passes(replace(GOOD, **changes), now_us)


def test_a_good_estimate_goes_out_whole():
    fix = Gate().passes(GOOD, NOW_US, alt_m=120.0)
    assert isinstance(fix, OutputFix)
    assert (fix.lat_deg, fix.lon_deg, fix.alt_m, fix.relocated) == (59.4, 24.7, 120.0, 3)
    assert fix.sigma_m == pytest.approx(GOOD.sigma_m)
    assert isinstance(said(state=State.DEAD_RECKONING), OutputFix)


@pytest.mark.parametrize("state", [State.SEARCHING, State.LOST])
def test_nothing_while_searching_or_lost(state):
    assert said(state=state) is Silence.NO_POSITION


@pytest.mark.parametrize("changes", [{"lat_deg": None}, {"lon_deg": None}, {"cov_m2": None}])
def test_nothing_without_a_position(changes):
    assert said(**changes) is Silence.NO_POSITION


@pytest.mark.parametrize(
    "changes",
    [
        {"cov_m2": (math.nan, 0.0, 1.0)},
        {"cov_m2": (math.inf, 0.0, 1.0)},
        {"cov_m2": (0.0, 0.0, 0.0)},
        {"cov_m2": (1.0, 5.0, 1.0)},
        {"cov_m2": (-1.0, 0.0, 1.0)},
        {"lat_deg": math.nan},
        {"lat_deg": 91.0},
        {"north_m_s": math.inf},
        {"probability": math.nan},
    ],
)
def test_nothing_without_a_finite_accuracy(changes):
    assert said(**changes) is Silence.NO_ACCURACY


def test_nothing_older_than_the_limit_nor_from_the_future():
    assert isinstance(said(NOW_US + 500_000), OutputFix)
    assert said(NOW_US + 500_001) is Silence.STALE
    assert said(NOW_US - 50_001) is Silence.STALE


def test_output_stops_after_seconds_without_a_sighting():
    assert isinstance(said(sighted_us=NOW_US - 5_000_000), OutputFix)
    assert said(sighted_us=NOW_US - 5_000_001) is Silence.UNSUPPORTED
    assert said(sighted_us=None) is Silence.UNSUPPORTED
    assert Gate(Limits(stop_after_s=1.0)).passes(
        replace(GOOD, sighted_us=NOW_US - 1_000_001), NOW_US
    ) is Silence.UNSUPPORTED  # fmt: skip


def test_nothing_that_is_too_uncertain_to_help():
    assert isinstance(said(cov_m2=(2500.0, 0.0, 1.0)), OutputFix)
    assert said(cov_m2=(2501.0, 0.0, 1.0)) is Silence.INACCURATE


def test_nothing_twice_and_never_back_in_time():
    gate = Gate()
    assert isinstance(gate.passes(GOOD, NOW_US), OutputFix)
    assert gate.passes(GOOD, NOW_US + 1) is Silence.REPEATED
    assert gate.passes(replace(GOOD, time_us=NOW_US - 1), NOW_US) is Silence.REPEATED
    assert isinstance(gate.passes(replace(GOOD, time_us=NOW_US + 1), NOW_US + 1), OutputFix)


def test_what_was_refused_may_come_later():
    gate = Gate()
    assert gate.passes(replace(GOOD, sighted_us=None), NOW_US) is Silence.UNSUPPORTED
    assert isinstance(gate.passes(GOOD, NOW_US), OutputFix)


@pytest.mark.parametrize("name", ["max_age_s", "stop_after_s", "max_sigma_m"])
def test_no_limit_can_be_switched_off(name):
    for value in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(RangeError, match=name):
            Limits(**{name: value})


def test_no_message_can_be_made_without_an_accuracy():
    with pytest.raises(RangeError, match="cov_m2"):
        a_fix(cov_m2=(math.nan, 0.0, 1.0))
    with pytest.raises(RangeError, match="alt_sigma_m"):
        a_fix(alt_sigma_m=0.0)
