"""A progress bar on standard error: one moving line on a terminal, ten lines elsewhere."""

import sys
import time


class Progress:
    """Counts items; silent when `shown` is False."""

    def __init__(self, what: str, total: int, shown: bool) -> None:
        self._what, self._total, self._shown = what, max(1, total), shown
        self._terminal = sys.stderr.isatty()
        self._started = time.monotonic()
        self._first: int | None = None  # resumed items say nothing about the speed
        self._last_shown = -1

    def update(self, done: int) -> None:
        """Show that `done` items of the total are finished."""
        if not self._shown:
            return
        self._first = done if self._first is None else self._first
        step = 100 * done // self._total
        if step == self._last_shown or (
            not self._terminal and step // 10 == self._last_shown // 10
        ):
            return
        self._last_shown = step
        rate = (done - self._first) / max(time.monotonic() - self._started, 1e-6)
        left = f", {(self._total - done) / rate:.0f} s left" if rate > 0 else ""
        text = f"{self._what} {step:3d} % ({done} of {self._total}{left})"
        print(f"\r\x1b[K{text}" if self._terminal else text, end="", file=sys.stderr, flush=True)
        if done >= self._total or not self._terminal:
            print(file=sys.stderr)
