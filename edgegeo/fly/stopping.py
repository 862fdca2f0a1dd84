"""End a flight by a signal without losing what it wrote."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPERS = (signal.SIGINT, signal.SIGTERM)


class Stop(threading.Event):
    """Set by the first signal; `by` is which. A second one of its kind ends the process at once."""

    by: int | None = None


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Give an event that SIGINT and SIGTERM set. To be used in the main thread."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in STOPPERS}

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.by = number
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in STOPPERS:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
