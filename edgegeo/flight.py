"""Locate the frames of a flight one after the other, with what is known of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgegeo.errors import RangeError
from edgegeo.sources.frame import Frame, FrameSource
from edgegeo.truth import Pose
from edgegeo.types import Fix, Prior

if TYPE_CHECKING:
    from edgegeo.localizer import Localizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What holds for every frame of a flight; see `Localizer.locate`."""

    prior: Prior | None = None
    heading_deg: float | None = None
    heading_sigma_deg: float = 10.0
    gsd_m: float | None = None
    gsd_sigma: float = 0.1
    height_m: float | None = None
    fov_deg: float | None = None
    roll_deg: float = 0.0
    pitch_deg: float = 0.0


def locate_flight(
    localizer: "Localizer",
    source: FrameSource,
    known: Known,
    *,
    poses: Mapping[str | int, Pose] | None = None,
    every: int = 1,
) -> Iterator[tuple[Frame, Fix]]:
    """Give every `every`-th frame with its fix.

    A frame's own heading and scale in `poses` stand before those of `known`.
    """
    if every < 1:
        raise RangeError.of("every", "at least 1", every)
    for frame in source.frames(every):
        pose = (poses or {}).get(frame.name, Pose())
        fix = localizer.locate(
            frame.image,
            prior=known.prior,
            heading_deg=known.heading_deg if pose.heading_deg is None else pose.heading_deg,
            heading_sigma_deg=known.heading_sigma_deg,
            gsd_m=known.gsd_m if pose.gsd_m is None else pose.gsd_m,
            gsd_sigma=known.gsd_sigma,
            height_m=known.height_m if pose.gsd_m is None else None,
            fov_deg=known.fov_deg,
            roll_deg=known.roll_deg,
            pitch_deg=known.pitch_deg,
            time_us=frame.time_us,
        )
        yield frame, fix
