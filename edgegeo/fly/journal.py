"""The log of a flight under its own name: never over another one, renamed once it is whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgegeo.logs import FlightLog


def unused(path: Path) -> Path:
    """Return `path`, or with a number where a log of that name stands, whole or not.

    A restart must not cost the log of what led to it.
    """
    tried, number = path, 1
    while tried.exists() or partial_of(tried).exists():
        number += 1
        tried = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return tried


def partial_of(path: Path) -> Path:
    """Return the name of a log that is being written; it can be read as it is."""
    return path.with_name(path.name + ".partial")


@contextmanager
def flight_log(path: str | Path, epoch_us: int | None = None) -> Iterator[FlightLog]:
    """Write a log as PATH.partial and rename it at the end, whatever ended the flight.

    One that failed, as on a full disk, keeps the name of what is not whole. Raises what
    FlightLog raises.
    """
    place = unused(Path(path))
    log = FlightLog(partial_of(place), epoch_us)
    try:
        yield log
    finally:
        log.close()
        if log.failed is None:
            partial_of(place).replace(place)
