"""What a drone would know of each frame: the truth, disturbed from a seed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import RangeError
from edgegeo.geodesy import geo_from_enu
from edgegeo.truth import TruthRow
from edgegeo.types import Prior


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseProtocol:
    """How much the truth is disturbed, and what is withheld."""

    heading_noise_deg: float = 10.0  # standard deviation
    gsd_noise: float = 0.1  # standard deviation of log(gsd)
    no_heading: bool = False
    no_gsd: bool = False
    prior_radius_m: float | None = None  # None gives no prior
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.heading_noise_deg <= 180:
            raise RangeError.of("heading_noise_deg", "in [0, 180]", self.heading_noise_deg)
        if not 0 <= self.gsd_noise <= 2:
            raise RangeError.of("gsd_noise", "in [0, 2]", self.gsd_noise)
        if self.prior_radius_m is not None and not 0 < self.prior_radius_m < float("inf"):
            raise RangeError.of("prior_radius_m", "positive and finite", self.prior_radius_m)
        if self.seed < 0:
            raise RangeError.of("seed", "at least 0", self.seed)

    @property
    def heading_sigma_deg(self) -> float:
        """What `locate` is told of the heading's error."""
        return max(self.heading_noise_deg, 1.0)

    @property
    def gsd_sigma(self) -> float:
        """What `locate` is told of the scale's relative error."""
        return max(self.gsd_noise, 0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What `locate` is given beside one frame; None is unknown."""

    heading_deg: float | None
    gsd_m: float | None
    prior: Prior | None


def draw(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (count, 2) standard normals, heading and log-scale, and (count, 2) points
    uniform in the unit disc.

    Every number is drawn whatever the protocol uses, and row i does not depend on the
    number of rows: two protocols of one seed share their noise, frame by frame.
    """
    normals = np.random.default_rng([seed, 0]).standard_normal((count, 2))
    uniform = np.random.default_rng([seed, 1]).random((count, 2))
    radius, angle = np.sqrt(uniform[:, 0]), 2 * np.pi * uniform[:, 1]
    return normals, np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def disturb(rows: tuple[TruthRow, ...], protocol: NoiseProtocol) -> list[Knowledge]:
    """Return what is known of each row under `protocol`."""
    normals, disc = draw(len(rows), protocol.seed)
    known = []
    for row, (heading_z, gsd_z), unit in zip(rows, normals, disc, strict=True):
        heading_deg, gsd_m, prior = row.heading_deg, row.gsd_m, None
        if heading_deg is not None:
            heading_deg = float((heading_deg + protocol.heading_noise_deg * heading_z) % 360)
        if gsd_m is not None:
            gsd_m = float(gsd_m * np.exp(protocol.gsd_noise * gsd_z))
        if protocol.prior_radius_m is not None:
            east_m, north_m = protocol.prior_radius_m * unit
            lat_deg, lon_deg = geo_from_enu(east_m, north_m, row.lat_deg, row.lon_deg)
            prior = Prior(float(lat_deg), float(lon_deg), protocol.prior_radius_m)
        known.append(
            Knowledge(
                heading_deg=None if protocol.no_heading else heading_deg,
                gsd_m=None if protocol.no_gsd else gsd_m,
                prior=prior,
            )
        )
    return known
