"""What every live source gives: its newest frame, and how it is doing."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from edgegeo.sources.frame import Frame


class SourceState(Enum):
    """How a source is doing."""

    CONNECTING = "no frame since it was last opened"
    RUNNING = "frames arrive"
    STALLED = "open, but no new frame for too long"
    ENDED = "closed, or played to its end"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """Counts since the start. `overwritten` frames were replaced before they were asked for,
    `duplicates` showed the very same picture as the one before; `error` is the last one.
    """

    state: SourceState
    frames: int = 0
    overwritten: int = 0
    duplicates: int = 0
    reconnects: int = 0
    last_us: int | None = None  # exposure of the newest frame
    error: str | None = None


class LiveSource(Protocol):
    """A source of the newest frame. Nothing that befalls the camera raises: see `status`."""

    def latest(self, timeout_s: float = 1.0) -> Frame | None:
        """Return the newest frame not given before, waiting for one; None where none came."""

    @property
    def status(self) -> SourceStatus:
        """How the source is doing now."""

    def close(self) -> None:
        """Let go of the camera."""

    def __enter__(self) -> "LiveSource": ...

    def __exit__(self, *_: object) -> None: ...
