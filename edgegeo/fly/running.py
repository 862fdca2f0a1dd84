"""Fly until told to stop: the output in a thread of its own, or on the clock of a replay."""

import threading
from collections.abc import Callable, Iterable

from edgegeo.autopilot.told import Sample
from edgegeo.fly.flight import Flight
from edgegeo.fly.logged import Event
from edgegeo.fly.tally import Problems
from edgegeo.sources import Frame, SourceState

CHECK_US = 500_000  # between two looks at what is wrong


def fly(
    flight: Flight,
    *,
    rate_hz: float,
    stop: threading.Event,
    clock: Callable[[], int],
    say: Callable[[int, str], None],
    each: Callable[[int, Problems], None] = lambda _now, _problems: None,
) -> None:
    """Fly in real time until `stop` is set or the source ends.

    Args:
        say: called with the time and a sentence whenever something begins to be wrong.
        each: called after every frame, or half a second without one; as for a status line.
    """
    problems = Problems(say)
    checked_us = 0
    output = threading.Thread(
        target=_tell, args=(flight, rate_hz, stop, clock), name="edgegeo output", daemon=True
    )
    output.start()
    try:
        while not stop.is_set() and flight.source.status.state is not SourceState.ENDED:
            flight.step()
            now_us = clock()
            if now_us - checked_us >= CHECK_US:
                checked_us = now_us
                problems.update(now_us, flight.problems())
            each(now_us, problems)
    finally:
        stop.set()
        output.join(timeout=5.0)


def fly_fast(
    flight: Flight,
    events: Iterable[Event],
    *,
    hear: Callable[[Sample], None],
    rate_hz: float,
    stop: threading.Event,
    clock: "FrameClock",
) -> None:
    """Fly a replay as fast as its frames are located; the output keeps to the replay's clock."""
    period_us = round(1e6 / rate_hz)
    due_us: int | None = None
    for moment_us, what in events:
        if stop.is_set():
            return
        due_us = moment_us + period_us if due_us is None else due_us
        while due_us <= moment_us:
            clock.now_us = due_us
            flight.telling.tick(due_us)
            due_us += period_us
        clock.now_us = moment_us
        if isinstance(what, Frame):
            flight.use(what)
        else:
            hear(what)


class FrameClock:
    """The clock of a replay: moved on by what it holds."""

    now_us = 0

    def __call__(self) -> int:
        return self.now_us


def _tell(flight: Flight, rate_hz: float, stop: threading.Event, clock: Callable[[], int]) -> None:
    """Tick at an even rate; moments that were missed are left out, not caught up with."""
    period_us = round(1e6 / rate_hz)
    due_us = clock()
    while not stop.wait(min(1e-6 * period_us, max(0.0, 1e-6 * (due_us - clock())))):
        now_us = clock()
        if now_us < due_us:  # a clock that runs slowly, as that of a simulation
            continue
        due_us += period_us * max(1, -(-(now_us - due_us) // period_us))
        try:
            flight.telling.tick(now_us)
        except Exception as error:  # the output is the last thing that may end
            flight.telling.unsent = f"{type(error).__name__}: {error}"
