"""A made flight over a made map: the landscape on one date mapped, on another flown over."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgegeo.demo.landscape import landscape
from edgegeo.geodesy import geo_from_enu
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.simulation.camera import Shot, render

# Seeds of the demo's landscapes lie far from those that training draws.
FIRST_SEED = 1_000_000
STYLE = "suburb"
LAT_DEG, LON_DEG = 47.25, 8.5
SIDE_M, GSD_M = 960.0, 0.6
FOOTPRINT_M = 120.0
SIZE = (480, 360)
TILT_DEG = 8.0
CORNER = 0.46  # beyond this share of the half side, north and east, the map has no data
COVERED = 0.4  # share of the flight after which one frame is taken with the lens covered


@dataclass(frozen=True, slots=True)
class Taken:
    """One frame of the flight, what the drone believes of it, and where it truly was."""

    name: str
    bgr: NDArray[np.uint8]
    shot: Shot
    heading_deg: float  # with the compass's error
    gsd_m: float  # with the altimeter's error


def make_map(seed: int) -> ArrayRaster:
    """Return the map: date 0, with its north-east corner missing."""
    rgb = landscape(FIRST_SEED + seed, round(SIDE_M / GSD_M), GSD_M, date=0, style=STYLE)
    valid = np.ones(rgb.shape[:2], bool)
    edge = round(len(rgb) / 2 * (1 - CORNER))
    valid[:edge, -edge:] = False
    return ArrayRaster(
        np.where(valid[..., None], rgb, 0).astype(np.uint8), valid, LAT_DEG, LON_DEG, GSD_M,
        name="procedural landscape", licence="Apache-2.0", attribution="made by code",
    )  # fmt: skip


def fly(seed: int, frames: int) -> Iterator[Taken]:
    """Give the frames of a figure of eight, date 1, that crosses the corner off the map."""
    rng = np.random.default_rng([FIRST_SEED + seed, 8])
    rgb = landscape(FIRST_SEED + seed, round(SIDE_M / GSD_M), GSD_M, date=1, style=STYLE)
    ground = ArrayRaster(rgb, None, LAT_DEG, LON_DEG, GSD_M, name="flight")
    at = 2 * np.pi * (np.arange(frames) + 0.5) / frames + 0.2
    reach_m = 0.76 * SIDE_M / 2
    east, north = reach_m * np.sin(at), reach_m * np.sin(2 * at) * rng.uniform(0.85, 1)
    course_deg = np.degrees(np.arctan2(np.cos(at), 2 * np.cos(2 * at)))
    lat, lon = geo_from_enu(east, north, LAT_DEG, LON_DEG)
    for k in range(frames):
        tilt, towards = rng.uniform(0, TILT_DEG), rng.uniform(0, 2 * np.pi)
        shot = Shot(
            lat_deg=float(lat[k]),
            lon_deg=float(lon[k]),
            heading_deg=float(course_deg[k] + rng.normal(0, 5)) % 360,
            gsd_m=FOOTPRINT_M / min(SIZE) * float(np.exp(rng.normal(0, 0.04))),
            size=SIZE,
            roll_deg=float(tilt * np.cos(towards)),
            pitch_deg=float(tilt * np.sin(towards)),
        )
        bgr = render(ground, shot, rng)
        if k == round(COVERED * frames):
            bgr[:] = rng.integers(0, 3, bgr.shape, np.uint8)
        yield Taken(
            name=f"frame_{k:03d}",
            bgr=bgr,
            shot=shot,
            heading_deg=(shot.heading_deg + rng.normal(0, 10)) % 360,
            gsd_m=shot.gsd_m * float(np.exp(rng.normal(0, 0.1))),
        )
