"""Time lines: what is thinned out, where lines break, what axes show."""

import re

import numpy as np

from edgegeo.report.thin import POINTS, evenly, worst
from edgegeo.report.timelines import Line, Panel, draw_panel, draw_states


def line(time_s, value, **changes):
    of = {"name": "x", "style": "error", "time_s": np.array(time_s), "value": np.array(value)}
    return Line(**{**of, **changes})


def test_thinning_keeps_every_peak_and_every_dip():
    rng = np.random.default_rng(0)
    time_s, value = np.arange(18_000) / 10, rng.random(18_000)
    peaks, dips = rng.choice(18_000, 20, False), rng.choice(18_000, 20, False)
    value[peaks] += 10
    kept = worst(time_s, value)
    assert len(kept) == POINTS
    assert (np.diff(kept) > 0).all()
    spans = kept * POINTS // 17_999
    assert len(np.unique(np.minimum(spans, POINTS - 1))) == POINTS
    assert value[kept].max() == value.max()
    # Of two peaks in one span the higher stays: every span with a peak shows one.
    assert {p * POINTS // 17_999 for p in peaks} <= {
        k * POINTS // 17_999 for k in kept if value[k] > 10
    }
    value[dips] -= 100
    low = worst(time_s, value, low_is_worse=True)
    assert {d * POINTS // 17_999 for d in dips} == {
        k * POINTS // 17_999 for k in low if value[k] < -50
    }


def test_evenly_spread_with_both_ends():
    kept = evenly(18_000, 120)
    assert (kept[0], kept[-1], len(kept)) == (0, 17_999, 120)
    assert set(np.diff(kept)) <= {151, 152}


def test_a_line_breaks_where_nothing_was():
    time_s = [0.0, 1.0, 2.0, 8.0, 9.0, 10.0]
    html = draw_panel(Panel(title="t", lines=(line(time_s, [10.0] * 6),)), 10.0)
    path = re.search(r'class="line error" d="([^"]*)"', html).group(1)
    assert path == "M0.0 0.0h0L100.0 0.0L200.0 0.0M800.0 0.0h0L900.0 0.0L1000.0 0.0"


def test_a_logarithmic_axis_has_decades():
    html = draw_panel(Panel(title="m", lines=(line([0.0], [30.0]),), logarithmic=True), 1.0)
    ticks = re.findall(r'<b style="top:([\d.]+)%">([\d.]+)</b>', html)
    assert ticks == [("100.0", "0.1"), ("66.7", "1"), ("33.3", "10"), ("0.0", "100")]


def test_nothing_known_draws_nothing():
    assert draw_panel(Panel(title="m", lines=(line([0.0], [np.nan]),)), 1.0) == ""
    assert draw_panel(Panel(title="m", lines=(line([], []),)), 1.0) == ""


def test_states_are_bands_until_the_next_change():
    html = draw_states([(0.0, "SEARCHING", None), (2.0, "TRACKING", "a <fix>")], 10.0)
    bands = re.findall(r'<rect class="(\w+)" x="([\d.]+)" .*? width="([\d.]+)">(.*?)</rect>', html)
    assert bands == [
        ("searching", "0.00", "200.00", "<title>SEARCHING</title>"),
        ("tracking", "200.00", "800.00", "<title>TRACKING: a &lt;fix&gt;</title>"),
    ]
