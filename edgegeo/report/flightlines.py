"""What a flight's time lines show, and the same numbers for the reading under the pointer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.logs.flown import Flown
from edgegeo.report.timelines import Line, Panel, draw_axis, draw_panel, draw_states

F64 = NDArray[np.float64]


def draw_lines(flown: Flown, error_m: F64) -> str:
    """Return all time lines of a flight as HTML, one axis of time below them."""
    start_us, end_us = flown.span_us
    end_s = max(1e-6 * (end_us - start_us), 1e-3)
    error, sigma, probability, of_fixes, age, locate, late = lines(flown, error_m)
    panels = (
        Panel(title="metres", lines=(error, sigma), logarithmic=True),
        Panel(title="p(20 m)", lines=(of_fixes, probability), top=1.0),
        Panel(title="seconds", lines=(age,)),
        Panel(title="milliseconds", lines=(locate, late)),
    )
    changes = [(1e-6 * (t - start_us), state, reason) for t, state, reason in flown.changes]
    return "".join(
        [
            draw_states(changes, end_s) if changes else "",
            *(draw_panel(panel, end_s) for panel in panels),
            draw_axis(end_s),
        ]
    )


def values_over_time(flown: Flown, error_m: F64) -> dict[str, Any]:
    """Return the thinned lines and the states as plain lists, times in seconds from the start."""
    start_us, end_us = flown.span_us
    thin = [(line.name, *line.thinned()) for line in lines(flown, error_m)]
    return {
        "end": max(1e-6 * (end_us - start_us), 1e-3),
        "lines": [
            [name, [round(float(t), 2) for t in time_s], [round(float(v), 3) for v in value]]
            for name, time_s, value in thin
            if len(value)
        ],
        "states": [[round(1e-6 * (t - start_us), 2), state] for t, state, _ in flown.changes],
    }


def lines(flown: Flown, error_m: F64) -> tuple[Line, ...]:
    """Return error, sigma, probability of position and fixes, age, both delays; empty or not."""
    start_us, _ = flown.span_us

    def seconds(time_us: NDArray[np.int64]) -> F64:
        return np.asarray(1e-6 * (time_us - start_us), np.float64)

    given, at_s = flown.given, seconds(flown.estimates.time_us)
    return (
        _given("error, m", "error", at_s, error_m, given),
        _given("1-sigma, m", "sigma", at_s, flown.estimates.sigma_m, given),
        Line(
            name="of the position",
            style="probability",
            time_s=at_s,
            value=flown.estimates.probability,
            low_is_worse=True,
        ),
        Line(
            name="of each fix",
            style="single",
            time_s=seconds(flown.fixes.time_us),
            value=flown.fixes.probability,
            low_is_worse=True,
        ),
        _given("age of the last supporting frame, s", "age", at_s, flown.age_s, given),
        Line(
            name="locate, ms",
            style="latency",
            time_s=seconds(flown.fixes.time_us),
            value=flown.locate_ms,
        ),
        Line(
            name="exposure to tracker, ms",
            style="late",
            time_s=seconds(flown.late_us),
            value=flown.late_ms,
        ),
    )


def _given(name: str, style: str, time_s: F64, value: F64, given: NDArray[np.bool_]) -> Line:
    return Line(name=name, style=style, time_s=time_s, value=np.where(given, value, np.nan))
