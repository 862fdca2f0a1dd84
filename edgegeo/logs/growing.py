"""A log that grows beside its place and is renamed when it is whole."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta, timezone
from os import PathLike
from pathlib import Path
from typing import TextIO, TypeVar

from edgegeo.errors import DataError
from edgegeo.sighting import Estimate, State
from edgegeo.types import Fix

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
Log = TypeVar("Log", bound="GrowingFile")


class GrowingFile(ABC):
    """A text file written as PATH.partial and renamed to PATH at the end.

    `epoch_us` is the time of day (Unix) at zero of the fixes' clock; formats that need a time of
    day leave it out where it is None.

    Ctrl-C ends a flight, it does not spoil it: the file is closed and renamed as usual.
    After an error the partial file stays, whole up to there, and PATH is left as it was.
    """

    def __init__(self, path: str | PathLike[str], epoch_us: int | None = None) -> None:
        self.path = Path(path)
        self.epoch_us = epoch_us
        self.partial = self.path.with_name(self.path.name + ".partial")
        try:
            self.text: TextIO = self.partial.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror or error}") from error
        self.begin()

    def begin(self) -> None:  # noqa: B027 a format may need none
        """Write what comes before the first record."""

    def end(self) -> None:  # noqa: B027 likewise
        """Write what comes after the last record."""

    @abstractmethod
    def add(self, frame: str | int, fix: Fix) -> None:
        """Write one record."""

    def add_estimate(self, estimate: Estimate) -> None:  # noqa: B027 likewise
        """Write one position of the flown track; a table of fixes leaves it out."""

    def time_of_day(self, time_us: int) -> str | None:
        """Return a time as ISO 8601 in UTC, or None where the time of day is not known."""
        if self.epoch_us is None:
            return None
        return time_of_day(time_us + self.epoch_us)

    def __enter__(self: Log) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.end()
        self.text.close()
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self.partial.replace(self.path)


def time_of_day(unix_us: int) -> str:
    """Return a Unix time as ISO 8601 in UTC.

    >>> time_of_day(1_790_000_000_000_000)
    '2026-09-21T14:13:20.000Z'
    """
    moment = EPOCH + timedelta(microseconds=unix_us)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_given(estimate: Estimate) -> bool:
    """Whether an estimate is a position to go by, and so a part of the track."""
    return estimate.state in (State.TRACKING, State.DEAD_RECKONING)
