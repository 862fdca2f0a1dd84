"""A log that grows beside its place and is renamed when it is whole."""

from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TextIO, TypeVar

from edgegeo.errors import DataError
from edgegeo.types import Fix

Log = TypeVar("Log", bound="GrowingFile")


class GrowingFile:
    """A text file written as PATH.partial and renamed to PATH at the end.

    Ctrl-C ends a flight, it does not spoil it: the file is closed and renamed as usual.
    After an error the partial file stays, whole up to there, and PATH is left as it was.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.partial = self.path.with_name(self.path.name + ".partial")
        try:
            self.text: TextIO = self.partial.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror or error}") from error
        self.begin()

    def begin(self) -> None:
        """Write what comes before the first record."""

    def end(self) -> None:
        """Write what comes after the last record."""

    def add(self, frame: str | int, fix: Fix) -> None:
        """Write one record."""
        raise NotImplementedError

    def __enter__(self: Log) -> Log:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        self.text.close()
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self.partial.replace(self.path)
