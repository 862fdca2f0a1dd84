"""End a flight by a signal without losing what it wrote."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
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

    def handle(number: int) -> None:
        stop.by = number
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    with handling(STOPPERS, handle):
        yield stop


@contextmanager
def handling(numbers: Iterable[int], handle: Callable[[int], None]) -> Iterator[None]:
    """Call `handle` with each of these signals that comes. To be used in the main thread."""

    def handler(number: int, _frame: FrameType | None) -> None:
        handle(number)

    before = {number: signal.getsignal(number) for number in numbers}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
