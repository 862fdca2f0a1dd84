"""Time lines as inline SVG: 1000 units of time across, 100 high, stretched by the browser."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from edgegeo.report.pieces import words
from edgegeo.report.thin import worst

F64 = NDArray[np.float64]

LOWEST = 0.1  # where a logarithmic axis starts
GAP_S = 2.0  # a longer hole breaks a line
MOST_BANDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One quantity over time, with `style` as its CSS class; NaN where it is not known."""

    name: str
    style: str
    time_s: F64
    value: F64
    low_is_worse: bool = False

    def thinned(self) -> tuple[F64, F64]:
        kept = worst(self.time_s, self.value, low_is_worse=self.low_is_worse)
        return self.time_s[kept], self.value[kept]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Lines that share an axis from 0 to `top` (default: of the data), or from 0.1 in decades."""

    title: str
    lines: tuple[Line, ...]
    logarithmic: bool = False
    top: float | None = None


Change = tuple[float, str, str | None]  # start_s, state, reason


def draw_panel(panel: Panel, end_s: float) -> str:
    """Return one titled plot as HTML; nothing where no line has a value."""
    lines = [line for line in panel.lines if np.isfinite(line.value).any()]
    if not lines:
        return ""
    highest = panel.top or max(float(np.nanmax(line.value)) for line in lines)
    ticks = _decades(highest) if panel.logarithmic else _ticks(highest)

    def height(value: F64) -> F64:
        if panel.logarithmic:
            share = np.log(np.maximum(value, LOWEST) / LOWEST) / math.log(ticks[-1] / LOWEST)
        else:
            share = value / ticks[-1]
        return 100 - 100 * np.clip(share, 0, 1)

    at = height(np.array(ticks))
    legend = "".join(f'<span><i class="{line.style}"></i>{line.name}</span>' for line in lines)
    return (
        f'<div class="timeline"><h3>{escape(panel.title)}{legend}</h3><div class="plot">'
        + "".join(
            f'<b style="top:{y:.1f}%">{tick:g}</b>' for tick, y in zip(ticks, at, strict=True)
        )
        + '<svg viewBox="0 0 1000 100" preserveAspectRatio="none">'
        + "".join(f'<path class="grid" d="M0 {y:.1f}H1000"/>' for y in at)
        + "".join(
            f'<path class="line {line.style}" d="{_path(*line.thinned(), end_s, height)}"/>'
            for line in lines
        )
        + '<path class="now" d="M0 0V100"/></svg></div></div>'
    )


def draw_states(changes: Sequence[Change], end_s: float) -> str:
    """Return the states as bands, each until the next change, with its reason as a tooltip."""
    shown = changes[:MOST_BANDS]
    ends = [start for start, _, _ in changes[1:]] + [end_s]
    bands = "".join(
        f'<rect class="{state.lower()}" x="{_x(start, end_s):.2f}" y="0" height="100" '
        f'width="{_x(end, end_s) - _x(start, end_s):.2f}"><title>{escape(state)}'
        f"{escape(': ' + reason) if reason else ''}</title></rect>"
        for (start, state, reason), end in zip(shown, ends, strict=False)
    )
    names = sorted({state for _, state, _ in shown})
    legend = "".join(
        f'<span><i class="{escape(name.lower())}"></i>{escape(words(name))}</span>'
        for name in names
    )
    left_out = f" (the first {MOST_BANDS} of {len(changes)})" if len(changes) > MOST_BANDS else ""
    return (
        f'<div class="timeline states"><h3>state{left_out}{legend}</h3><div class="plot">'
        f'<svg viewBox="0 0 1000 100" preserveAspectRatio="none">{bands}'
        '<path class="now" d="M0 0V100"/></svg></div></div>'
    )


def draw_axis(end_s: float) -> str:
    """Return the marks of time below the plots, as minutes and seconds."""
    marks = "".join(
        f'<b style="left:{_x(tick, end_s) / 10:.2f}%">{clock(tick)}</b>'
        for tick in _ticks(end_s, steps=(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600))
        if tick <= end_s
    )
    return f'<div class="axis">{marks}</div>'


def clock(seconds: float) -> str:
    """Return minutes and seconds.

    >>> clock(83)
    '1:23'
    """
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def _x(seconds: float, end_s: float) -> float:
    return 1000 * seconds / max(end_s, 1e-9)


def _path(time_s: F64, value: F64, end_s: float, height: Callable[[F64], F64]) -> str:
    if not len(time_s):
        return ""
    gap_s = max(GAP_S, 3 * float(np.median(np.diff(time_s)))) if len(time_s) > 1 else GAP_S
    starts = np.diff(time_s, prepend=-np.inf) > gap_s
    x, y = 1000 * time_s / max(end_s, 1e-9), height(value)
    # A point on its own is a stroke of no length.
    return "".join(
        f"{'M' if start else 'L'}{a:.1f} {b:.1f}{'h0' if start else ''}"
        for start, a, b in zip(starts, x, y, strict=True)
    )


def _decades(highest: float) -> list[float]:
    count = max(1, math.ceil(math.log10(max(highest, LOWEST) / LOWEST) - 1e-9))
    return [LOWEST * 10**k for k in range(count + 1)]


def _ticks(highest: float, steps: Sequence[float] = ()) -> list[float]:
    """Return round numbers from 0 to at least `highest`, at most six steps.

    >>> _ticks(42.0)
    [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    """
    highest = max(highest, 1e-9)
    power = 10.0 ** math.floor(math.log10(highest / 6))
    usual = [m * power for m in (1, 2, 5, 10, 20)]
    step = next(s for s in (*steps, *usual, highest) if highest / s <= 6)
    return [step * k for k in range(math.ceil(highest / step - 1e-9) + 1)]
