"""Doubles of a localizer that looks at no picture and of a vehicle: both know the scene."""

import numpy as np

from edgegeo import geodesy
from edgegeo.camera_pose import CameraPose
from edgegeo.height import Height, HeightSource
from edgegeo.rectify import camera_offset_m
from edgegeo.sighting import Velocity
from edgegeo.types import Candidate, Fix
from tests.fly.scenes import Procedural

SIGMA_M, SPOOFED_M = 2.0, 300.0
KEPT = 64  # views, so that a long flight's memory is the flight's own


class Plain(Procedural):
    """The way of the procedural flight over pictures of nothing but noise."""

    size = (160, 120)

    def frame(self, time_s: float) -> np.ndarray:
        rng = np.random.default_rng(round(1000 * time_s))
        return rng.integers(0, 255, (self.size[1], self.size[0], 3), np.uint8)


class Truthful:
    """Right to 2 m, except in `wrong` spans: then sure of a place 300 m away. 0.1 s a frame."""

    tile_m = 96.0

    def __init__(self, scene, start_s: float, wrong=()) -> None:
        self.scene, self.start_s, self.wrong = scene, start_s, wrong
        self.views: list[dict] = []
        self._rng = np.random.default_rng(0)

    def locate(self, _frame, *, time_us, **view) -> Fix:
        self.views = [*self.views[-KEPT:], view]
        time_s = 1e-6 * time_us - self.start_s
        s = self.scene.state(time_s)
        east, north = camera_offset_m(s.height_m, s.heading_deg, s.roll_deg, s.pitch_deg)
        off = self._rng.normal(0, SIGMA_M / 1.5, 2) - (east, north)
        if any(begin <= time_s < end for begin, end in self.wrong):
            off = off + SPOOFED_M
        lat, lon = map(float, geodesy.geo_from_enu(*off, s.lat_deg, s.lon_deg))
        here = Candidate(
            tile=0,
            lat_deg=lat,
            lon_deg=lon,
            found_lat_deg=lat,
            found_lon_deg=lon,
            retrieval=0.9,
            score=5.0,
        )
        return Fix(
            time_us=time_us,
            lat_deg=lat,
            lon_deg=lon,
            cov_m2=(SIGMA_M**2, 0.0, SIGMA_M**2),
            probability=0.98,
            candidates=(here,),
        )


class TruthfulVehicle:
    """A double: tells the scene's pose and velocity, as far as it is allowed to."""

    altitude_m = 500.0
    silent = False

    def __init__(self, scene):
        self.scene = scene
        self.tells, self.moves, self.height = True, True, "rangefinder"
        self.contradiction = None
        self.now_us = 0

    def pose(self, _camera, time_us):
        if not self.tells:
            return None
        s = self.scene.state(1e-6 * time_us)
        source = HeightSource[self.height.upper()] if self.height else None
        height = source and Height(
            height_m=s.height_m, sigma_m=3.0, source=source, contradiction=self.contradiction
        )
        return CameraPose(
            time_us=time_us,
            heading_deg=s.heading_deg,
            roll_deg=s.roll_deg,
            pitch_deg=s.pitch_deg,
            height=height,
        )

    def velocity(self):
        s = self.scene.state(1e-6 * self.now_us)
        told = Velocity(
            time_us=self.now_us, north_m_s=s.north_m_s, east_m_s=s.east_m_s, sigma_m_s=0.5
        )
        return told if self.moves else None

    def problems(self):
        return []
