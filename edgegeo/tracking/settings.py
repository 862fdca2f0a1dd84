"""The numbers of the tracker, with the reason for each."""

import math
from dataclasses import dataclass, fields

from edgegeo.errors import RangeError


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSettings:
    """Defaults fit a multirotor or a slow wing at 1 to 30 frames a second.

    Raises RangeError for a number that is not positive and finite, or a share of 1 or more.
    """

    area_m2: float = 4e6  # the ground a wrong frame may point to: the searched part of the map
    outlier: float = 0.05  # chance that a frame is wrong, whatever it says of itself
    wrong_per_s: float = 1e-3  # rate at which a held position may have become wrong unnoticed
    alike_s: float = 1.5  # frames within such a time may share one wrong look-alike
    confirm_s: float = 1.2  # a place must be seen over this long before it is believed
    confirm_sightings: int = 3  # ... and at least so often
    correlation_s: float = 0.1  # the fast part of a frame's error lasts so long
    bias_sigma_m: float = 1.0  # the slow part: map and calibration; one axis
    bias_s: float = 10.0  # ... and how long it lasts
    pose_s: float = 120.0  # an error of attitude lasts tens of seconds, one of mounting for ever
    velocity_bias_s: float = 15.0  # how long an error of the measured velocity lasts
    velocity_floor_m_s: float = 0.3  # no velocity is trusted more than this
    velocity_stale_s: float = 0.5  # a measured velocity holds for so long
    speed_sigma_m_s: float = 12.0  # the unmeasured velocity, one axis
    speed_s: float = 40.0  # ... and how long it lasts
    walk_m2_s: float = 0.05  # variance of the position that no velocity explains, per second
    fresh_s: float = 1.0  # without a supporting sighting for longer it is dead reckoning
    late_s: float = 2.0  # a sighting older than this is dropped; a call gap this long is a jump
    found: float = 0.9  # probability of the right place at which a position is given again
    lost: float = 0.5  # ... and below which it is given no more

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < math.inf:
                raise RangeError.of(field.name, "positive and finite", value)
        for name in ("outlier", "found", "lost"):
            if getattr(self, name) >= 1:
                raise RangeError.of(name, "below 1", getattr(self, name))
