"""The flight log: one MCAP file with fixes, estimates, states, timings, truth and small frames.

A disk that is full, or any other error of the file, ends the log and not the flight: it is said
once, what was written stays readable, and `failed` holds the reason.
"""

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from edgegeo.autopilot.told import Sample
from edgegeo.camera import Camera
from edgegeo.errors import DataError, MissingExtraError
from edgegeo.logs.mcap_file import PackedIndex, WholeFile
from edgegeo.logs.mcap_schemas import IMAGE, LOCATION, NOTE, schema
from edgegeo.logs.mcapread import NAME
from edgegeo.sighting import Estimate
from edgegeo.sources.opencv import require_cv2
from edgegeo.types import Fix

CHUNK_BYTES = 32_768  # what a kill may cost: under a second of a flight
THUMBNAIL_PX = 320  # long side
THUMBNAIL_QUALITY, WHOLE_QUALITY = 70, 95  # of a JPEG
WARNING = 3  # foxglove's level of a note
UNKNOWN, FULL = 0, 3  # foxglove's position_covariance_type
TOPICS = {
    "/fix": LOCATION,
    "/fix/full": "edgegeo.Fix",
    "/estimate": LOCATION,
    "/estimate/full": "edgegeo.Estimate",
    "/state": "edgegeo.State",
    "/timings_ms": "edgegeo.Timings",
    "/truth": LOCATION,
    "/frame": IMAGE,
    "/note": NOTE,
    "/camera": IMAGE,
    "/camera_info": "edgegeo.Camera",
    "/vehicle": "edgegeo.Sample",
}


class FlightLog:
    """Writes one flight. Times are those of the monotonic clock, as everywhere in a flight.

    A viewer shows them as time of day by `epoch_us`, the time of day at monotonic zero (by
    default this computer's, taken once). Any thread may write. Raises DataError where the file
    cannot be made, and MissingExtraError without the mcap package; after that nothing is raised.
    """

    def __init__(self, path: str | PathLike[str], epoch_us: int | None = None) -> None:
        try:
            from mcap.writer import Writer
        except ImportError as error:
            raise MissingExtraError.of("a flight log", "fly") from error
        self.path = Path(path)
        self.failed: str | None = None
        self.epoch_us = (
            (time.time_ns() - time.monotonic_ns()) // 1000 if epoch_us is None else epoch_us
        )
        try:
            # Unbuffered: what a chunk holds is with the system once it is written.
            self._file = self.path.open("wb", buffering=0)
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror or error}") from error
        self._writer = Writer(cast("BinaryIO", WholeFile(self._file)), chunk_size=CHUNK_BYTES)
        # Its own name for it: were it another one day, memory would grow, and a test says so.
        self._writer._Writer__chunk_indices = PackedIndex()  # type: ignore[attr-defined]
        self._lock = threading.Lock()
        self._channels: dict[str, int] = {}
        self._state: str | None = None
        self._guard(self._begin)

    def add_fix(self, frame: str | int, fix: Fix) -> None:
        """Write a fix, accepted or not, twice: as a place to draw, and with all there is."""
        if fix.lat_deg is not None and fix.lon_deg is not None and fix.accepted:
            where = self._location("frame", fix.time_us, fix.lat_deg, fix.lon_deg, fix.cov_m2)
            self._write("/fix", fix.time_us, where)
        reject = fix.reject.name if fix.reject is not None else None
        self._write("/fix/full", fix.time_us, {"frame": frame} | asdict(fix) | {"reject": reject})

    def add_estimate(self, estimate: Estimate, reason: str | None = None) -> None:
        """Write an estimate; a change of its state is a message of its own, with its reason."""
        e = estimate
        if e.lat_deg is not None and e.lon_deg is not None:
            where = self._location("estimate", e.time_us, e.lat_deg, e.lon_deg, e.cov_m2)
            self._write("/estimate", e.time_us, where)
        self._write("/estimate/full", e.time_us, asdict(e) | {"state": e.state.name})
        if e.state.name != self._state:
            change = {"state": e.state.name, "before": self._state, "reason": reason}
            self._state = e.state.name
            self._write("/state", e.time_us, change)

    def add_truth(self, time_us: int, lat_deg: float, lon_deg: float) -> None:
        """Write where the camera really was, where that is known."""
        self._write("/truth", time_us, self._location("truth", time_us, lat_deg, lon_deg, None))

    def add_timings(self, time_us: int, stages_ms: Mapping[str, float]) -> None:
        """Write how long each stage of the flight loop took."""
        self._write("/timings_ms", time_us, dict(stages_ms))

    def add_frame(self, frame: str | int, time_us: int, image: NDArray[np.uint8]) -> None:
        """Write a small JPEG of a (h, w, 3) BGR frame."""
        cv2 = require_cv2()
        shrink = min(1.0, THUMBNAIL_PX / max(image.shape[:2]))
        size = (max(1, round(image.shape[1] * shrink)), max(1, round(image.shape[0] * shrink)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        self._write("/frame", time_us, self._jpeg(frame, time_us, small, THUMBNAIL_QUALITY))

    def add_whole_frame(
        self, frame: str | int, time_us: int, image: NDArray[np.uint8], ready_us: int
    ) -> None:
        """Write a JPEG of a (h, w, 3) BGR frame in full, for a replay.

        `ready_us` is when the frame and its pose were at hand; the message is logged by that.
        """
        self._write("/camera", ready_us, self._jpeg(frame, time_us, image, WHOLE_QUALITY))

    def add_camera(self, time_us: int, camera: Camera, on_gimbal: bool) -> None:
        """Write the camera that the whole frames from here on were seen by."""
        body = asdict(camera) | {"lens": camera.lens.name, "on_gimbal": on_gimbal}
        self._write("/camera_info", time_us, body)

    def add_sample(self, heard_us: int, sample: Sample) -> None:
        """Write what the vehicle told, by the moment it was heard."""
        self._write("/vehicle", heard_us, sample._asdict())

    def add_note(self, time_us: int, text: str) -> None:
        """Write a sentence on what is wrong, or right again."""
        stamp = self._stamp(time_us)
        note = {"timestamp": stamp, "level": WARNING, "message": text, "name": "edgegeo"}
        self._write("/note", time_us, note | {"file": "", "line": 0})

    def close(self) -> None:
        """Write the index and close; a log that failed is closed as it is."""
        self._guard(self._writer.finish)
        self._file.close()

    def __enter__(self) -> "FlightLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._writer.start(profile="", library="edgegeo")
        self._writer.add_metadata(NAME, {"epoch_us": str(self.epoch_us)})
        for topic, name in TOPICS.items():
            kind = self._writer.register_schema(name, "jsonschema", schema(name))
            self._channels[topic] = self._writer.register_channel(topic, "json", kind)

    def _write(self, topic: str, time_us: int, message: Mapping[str, Any]) -> None:
        data = json.dumps(message, allow_nan=False).encode()
        when_ns = max(0, 1000 * (time_us + self.epoch_us))
        self._guard(lambda: self._writer.add_message(self._channels[topic], when_ns, data, when_ns))

    def _guard(self, step: Callable[[], object]) -> None:
        with self._lock:
            if self.failed is not None:
                return
            try:
                step()
            except OSError as error:
                self.failed = f"{self.path}: {error.strerror or error}"
            else:
                return
        logging.getLogger(__name__).warning(
            "the flight is no longer logged: %s; what was written can be read", self.failed
        )

    def _jpeg(
        self, frame: str | int, time_us: int, image: NDArray[np.uint8], quality: int
    ) -> dict[str, Any]:
        cv2 = require_cv2()
        jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        return {
            "timestamp": self._stamp(time_us),
            "frame_id": str(frame),
            "data": base64.b64encode(jpeg).decode("ascii"),
            "format": "jpeg",
        }

    def _stamp(self, time_us: int) -> dict[str, int]:
        sec, us = divmod(max(0, time_us + self.epoch_us), 1_000_000)
        return {"sec": sec, "nsec": 1000 * us}

    def _location(
        self,
        frame_id: str,
        time_us: int,
        lat_deg: float,
        lon_deg: float,
        cov_m2: tuple[float, float, float] | None,
    ) -> dict[str, Any]:
        ee, en, nn = cov_m2 or (0.0, 0.0, 0.0)
        return {
            "timestamp": self._stamp(time_us),
            "frame_id": frame_id,
            "latitude": lat_deg,
            "longitude": lon_deg,
            "altitude": 0.0,  # a frame says nothing of it, and the message has no "unknown"
            "position_covariance": [ee, en, 0.0, en, nn, 0.0, 0.0, 0.0, 0.0],
            "position_covariance_type": UNKNOWN if cov_m2 is None else FULL,
        }
