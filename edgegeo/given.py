"""What is known of a frame's view before it is looked at, checked once."""

import math
from dataclasses import dataclass

from edgegeo.errors import RangeError
from edgegeo.rectify import gsd_from_height, tilt_deg
from edgegeo.types import Prior


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The keywords of `Localizer.locate`; see there. Raises RangeError naming what is wrong."""

    prior: Prior | None = None
    heading_deg: float | None = None
    heading_sigma_deg: float = 10.0
    gsd_m: float | None = None
    gsd_sigma: float = 0.1
    height_m: float | None = None
    fov_deg: float | None = None
    roll_deg: float = 0.0
    pitch_deg: float = 0.0

    def __post_init__(self) -> None:
        for name in ("heading_deg", "roll_deg", "pitch_deg"):
            value = getattr(self, name)
            if value is not None and not -360 <= value <= 360:
                raise RangeError.of(name, "degrees in [-360, 360]", value)
        for name in ("heading_sigma_deg", "gsd_m", "gsd_sigma", "height_m"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise RangeError.of(name, "positive and finite", value)
        if self.fov_deg is not None and not 1 <= self.fov_deg <= 170:
            raise RangeError.of("fov_deg", "degrees in [1, 170]", self.fov_deg)
        if self.fov_deg is None:
            if self.height_m is not None and self.gsd_m is None:
                raise RangeError.of("fov_deg", "given with height_m, to make a scale of it", None)
            if self.roll_deg or self.pitch_deg:
                raise RangeError.of("fov_deg", "given where there is roll or pitch", None)

    @property
    def tilt_deg(self) -> float:
        """Angle between the camera's axis and straight down."""
        return tilt_deg(self.roll_deg, self.pitch_deg)

    def gsd_at(self, width_px: int) -> float | None:
        """Metres per pixel at the centre of an image this wide; None where it is not known."""
        if self.gsd_m is not None or self.height_m is None or self.fov_deg is None:
            return self.gsd_m
        return gsd_from_height(self.height_m, self.fov_deg, width_px, self.roll_deg, self.pitch_deg)
