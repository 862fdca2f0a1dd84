"""Read a flight log back, also one that ends in the middle of a record."""

import base64
import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from edgegeo.autopilot.told import Sample
from edgegeo.camera import Camera, Lens
from edgegeo.errors import DataError, MissingExtraError
from edgegeo.sighting import Estimate, State
from edgegeo.types import Candidate, Fix, Reject, Timings

NAME = "edgegeo"  # of the metadata record that holds the clock
FOR_A_REPLAY = ("/camera", "/camera_info", "/vehicle")


class Record(NamedTuple):
    """One message. `value` by topic:

    /fix/full         (frame, Fix)
    /estimate/full    Estimate
    /state            {"state", "before", "reason"}
    /timings_ms       {stage: ms}
    /truth            (lat_deg, lon_deg)
    /frame            (frame as text, the bytes of a JPEG)
    /note             a sentence
    /camera           (frame as text, exposure as time of day in us, the bytes of a JPEG)
    /camera_info      (Camera, whether it hangs in a gimbal)
    /vehicle          Sample

    `time_us` is that of what was seen, but for the last three that of when it was at hand.
    """

    topic: str
    time_us: int
    value: Any


class FlightRecords:
    """The records of one log in the order they were written; iterate as often as you like.

    Those FOR_A_REPLAY, which are large, are given by `of` alone.

    `truncated` is known once an iteration has ended: the file stops before its end mark, as
    after a kill or on a full disk. What stands before is given all the same. `epoch_us`, the
    time of day at zero of the log's clock, is known from opening on.
    """

    def __init__(self, path: Path) -> None:
        from mcap.records import Metadata

        self.path = path
        self.truncated = False
        about = (r.metadata for r in self._parts() if isinstance(r, Metadata) and r.name == NAME)
        self.epoch_us = int(next(about, {}).get("epoch_us", 0))

    def __iter__(self) -> Iterator[Record]:
        return self.of(*(topic for topic in _VALUES if topic not in FOR_A_REPLAY))

    def of(self, *wanted: str) -> Iterator[Record]:
        """Give the records of some topics; others are passed over quickly."""
        from mcap.records import Channel, Message

        topics: dict[int, str] = {}
        for part in self._parts():
            if isinstance(part, Channel):
                topics[part.id] = part.topic
            elif isinstance(part, Message) and (topic := topics[part.channel_id]) in wanted:
                try:
                    value = _VALUES[topic](json.loads(part.data))
                except (KeyError, TypeError, ValueError) as error:
                    raise DataError(f"{self.path}: {topic} is not ours: {error!r}") from error
                yield Record(topic, part.log_time // 1000 - self.epoch_us, value)

    def _parts(self) -> Iterator[Any]:
        """The parts of the file, chunks taken apart."""
        from mcap.exceptions import EndOfFile, McapError
        from mcap.stream_reader import StreamReader
        from zstandard import ZstdError

        self.truncated = False
        with self.path.open("rb") as file:
            exact = cast("BinaryIO", _Exact(file))
            try:
                yield from StreamReader(exact, validate_crcs=True).records
            except EndOfFile:
                self.truncated = True
            except (McapError, ZstdError, ValueError) as error:
                raise DataError(f"{self.path} is damaged: {error!r}") from error


def read_log(path: str | PathLike[str]) -> FlightRecords:
    """Open a flight log. Raises DataError where it is none, MissingExtraError without mcap."""
    try:
        import mcap  # noqa: F401 asked for here, where the extra can still be named
    except ImportError as error:
        raise MissingExtraError.of("a flight log", "fly") from error
    path = Path(path)
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    if magic != b"\x89MCAP0\r\n":
        raise DataError(f"{path} is not an MCAP file: expected a log written by edgegeo")
    return FlightRecords(path)


class _Exact:
    """A file whose reads are whole or the end: half a chunk is no chunk."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, length: int) -> bytes:
        from mcap.exceptions import EndOfFile

        # In pieces: a length that is nonsense asks for no memory that the file does not fill.
        pieces, left = [], length
        while left:
            piece = self._file.read(min(left, 1 << 20))
            if not piece:
                raise EndOfFile
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)


def _fix(body: dict[str, Any]) -> tuple[str | int, Fix]:
    frame, reject, cov = body.pop("frame"), body.pop("reject"), body.pop("cov_m2")
    fix = Fix(
        **body
        | {
            "cov_m2": None if cov is None else tuple(cov),
            "reject": None if reject is None else Reject[reject],
            "candidates": tuple(Candidate(**c) for c in body["candidates"]),
            "timings_ms": Timings(**body["timings_ms"]),
        }
    )
    return frame, fix


def _estimate(body: dict[str, Any]) -> Estimate:
    cov = body["cov_m2"]
    state = {"state": State[body["state"]], "cov_m2": None if cov is None else tuple(cov)}
    return Estimate(**body | state)


def _whole_frame(body: dict[str, Any]) -> tuple[str, int, bytes]:
    at = body["timestamp"]
    unix_us = at["sec"] * 1_000_000 + at["nsec"] // 1000
    return body["frame_id"], unix_us, base64.b64decode(body["data"])


def _camera(body: dict[str, Any]) -> tuple[Camera, bool]:
    on_gimbal = bool(body.pop("on_gimbal"))
    numbers = {"lens": Lens[body["lens"]], "distortion": tuple(body["distortion"])}
    return Camera(**body | numbers), on_gimbal


_VALUES: dict[str, Any] = {
    "/fix/full": _fix,
    "/estimate/full": _estimate,
    "/state": dict,
    "/timings_ms": dict,
    "/truth": lambda body: (body["latitude"], body["longitude"]),
    "/frame": lambda body: (body["frame_id"], base64.b64decode(body["data"])),
    "/note": lambda body: body["message"],
    "/camera": _whole_frame,
    "/camera_info": _camera,
    "/vehicle": lambda body: Sample(**body | {"values": tuple(body["values"])}),
}
