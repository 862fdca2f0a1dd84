"""What stands between mcap's writer and the file: whole writes, and an index that stays small."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcap.data_stream import RecordBuilder
    from mcap.records import ChunkIndex


class PackedIndex:
    """Where the chunks are, as the bytes that end the file: stands for the writer's own list.

    The writer keeps an object a chunk until then, of 0.8 kB: megabytes in an hour's flight. It
    only appends to its list, and at the end calls `write` of what that holds.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()

    def append(self, index: "ChunkIndex") -> None:
        from mcap.data_stream import RecordBuilder

        record = RecordBuilder()
        index.write(record)
        self._bytes += record.end()  # type: ignore[no-untyped-call]

    def __iter__(self) -> "Iterator[PackedIndex]":
        yield self

    def write(self, summary: "RecordBuilder") -> None:
        summary.write(self._bytes)


class WholeFile:
    """A file whose writes are whole: a raw one may take a part and say so."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        return len(data)

    def tell(self) -> int:
        return int(self._file.tell())

    def flush(self) -> None:
        """Nothing is held back."""
