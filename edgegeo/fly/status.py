"""One line on how the flight is doing: live on a terminal, now and then elsewhere."""

import os
import sys
from typing import TextIO

from edgegeo.fly.flight import Flight

LIVE_US, PLAIN_US = 250_000, 5_000_000


def status_line(flight: Flight, now_us: int, problems: tuple[str, ...]) -> str:
    """Return state, position, fix, output and what is wrong, in one line."""
    estimate, tally = flight.telling.last, flight.tally
    parts = ["SEARCHING" if estimate is None else estimate.state.name]
    if estimate is not None and estimate.lat_deg is not None and estimate.lon_deg is not None:
        sigma = f" ±{estimate.sigma_m:.1f} m" if estimate.sigma_m is not None else ""
        parts[0] += f" {estimate.lat_deg:.6f} {estimate.lon_deg:.6f}{sigma}"
        parts[0] += f" p {estimate.probability:.2f}"
    if estimate is not None and estimate.sighted_us is not None:
        parts.append(f"seen {1e-6 * (now_us - estimate.sighted_us):.1f} s ago")
    parts.append(f"frames {tally.accepted} of {tally.looked_at}, {tally.skipped} skipped")
    parts.append(f"sent {flight.telling.sent}")
    if flight.log is not None and flight.log.failed is not None:
        parts.append("NOT LOGGED")
    if problems:
        parts.append(f"! {problems[0]}" + (f" (+{len(problems) - 1})" if problems[1:] else ""))
    return " | ".join(parts)


class StatusLine:
    """Writes the line over itself on a terminal, and every few seconds a new one elsewhere."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stderr if out is None else out
        self._live = self._out.isatty()
        self._shown_us: int | None = None

    def due(self, now_us: int) -> bool:
        period_us = LIVE_US if self._live else PLAIN_US
        return self._shown_us is None or now_us - self._shown_us >= period_us

    def show(self, now_us: int, line: str) -> None:
        self._shown_us = now_us
        if self._live:
            self._out.write(f"\r\x1b[K{line[: _columns(self._out)]}")
        else:
            self._out.write(line + "\n")
        self._out.flush()

    def say(self, sentence: str) -> None:
        """Write a sentence that stays."""
        self._out.write(("\r\x1b[K" if self._live else "") + sentence + "\n")
        self._out.flush()

    def end(self) -> None:
        if self._live:
            self._out.write("\n")


def _columns(out: TextIO) -> int:
    try:
        return max(20, os.get_terminal_size(out.fileno()).columns - 1)
    except (OSError, ValueError):
        return 79
