"""Doubles of a camera in flight: what it sees at a moment, and where it truly is.

Both scenes stand in for a camera and its vehicle; their frames are rendered or recorded.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from edgegeo import geodesy
from edgegeo.building.build import build
from edgegeo.demo import flight as demo
from edgegeo.demo.landscape import landscape
from edgegeo.rectify import camera_offset_m, frame_from_tile
from edgegeo.sources import open_frames
from edgegeo.truth import read_truth

FOV_DEG = 60.0


@dataclass(frozen=True)
class State:
    """The camera at a moment; `heading_deg` is that of the picture's up side and of the nose."""

    lat_deg: float
    lon_deg: float
    heading_deg: float
    roll_deg: float
    pitch_deg: float
    height_m: float
    north_m_s: float
    east_m_s: float


class Procedural:
    """The demo's landscape on its second date, flown in eights at 12 m/s on average, endlessly.

    The map is that of the first date. The camera tilts by up to 7 degrees.
    """

    seconds = math.inf
    size = demo.SIZE
    fov_deg = FOV_DEG
    footprint_m = demo.FOOTPRINT_M

    def __init__(self, seed: int = 0, *, speed_m_s: float = 12.0, reach_m: float = 250.0) -> None:
        self.seed, self.reach_m = seed, reach_m
        self.lap_s = 9.4 * reach_m / speed_m_s
        focal_px = self.size[0] / 2 / math.tan(math.radians(FOV_DEG) / 2)
        self.height_m = self.footprint_m / min(self.size) * focal_px
        rng = np.random.default_rng([seed, 30])
        shape = (self.size[1] + 64, self.size[0] + 64, 3)
        self._noise = rng.normal(0, 4, shape).astype(np.int16)

    def build(self, engine: Path) -> Path:
        made = demo.make_map(self.seed)
        build([made], engine, footprint_m=self.footprint_m, progress=False)
        return engine

    @cached_property
    def _ground(self) -> np.ndarray:
        px = round(demo.SIDE_M / demo.GSD_M)
        rgb = landscape(demo.FIRST_SEED + self.seed, px, demo.GSD_M, date=1, style=demo.STYLE)
        return np.ascontiguousarray(rgb[..., ::-1])

    def _at_m(self, time_s: float) -> np.ndarray:
        at = 2 * math.pi * time_s / self.lap_s + 0.2
        return np.array([self.reach_m * math.sin(at), 0.92 * self.reach_m * math.sin(2 * at)])

    def state(self, time_s: float) -> State:
        east, north = (self._at_m(time_s + 0.05) - self._at_m(time_s - 0.05)) / 0.1
        lat, lon = geodesy.geo_from_enu(*self._at_m(time_s), demo.LAT_DEG, demo.LON_DEG)
        return State(
            lat_deg=float(lat),
            lon_deg=float(lon),
            heading_deg=math.degrees(math.atan2(east, north)) % 360,
            roll_deg=4 * math.sin(0.9 * time_s),
            pitch_deg=-3 + 3 * math.sin(0.7 * time_s + 1),
            height_m=self.height_m * (1 + 0.03 * math.sin(0.11 * time_s)),
            north_m_s=float(north),
            east_m_s=float(east),
        )

    def frame(self, time_s: float) -> np.ndarray:
        s = self.state(time_s)
        width, height = self.size
        focal_px = width / 2 / math.tan(math.radians(FOV_DEG) / 2)
        east, north = camera_offset_m(s.height_m, s.heading_deg, s.roll_deg, s.pitch_deg)
        centre = self._at_m(time_s) - (east, north)
        cosine = math.cos(math.radians(s.roll_deg)) * math.cos(math.radians(s.pitch_deg))
        frame_from_map = frame_from_tile(
            (height, width),
            demo.SIDE_M,
            len(self._ground),
            s.heading_deg,
            s.height_m / cosine / focal_px,
            s.roll_deg,
            s.pitch_deg,
            FOV_DEG,
            (-float(centre[0]), -float(centre[1])),
        )
        seen = cv2.warpPerspective(self._ground, frame_from_map, self.size)
        dy, dx = np.random.default_rng(round(1000 * time_s)).integers(0, 64, 2)
        noisy = seen + self._noise[dy : dy + height, dx : dx + width]
        return np.clip(noisy, 0, 255).astype(np.uint8)


class Recorded:
    """A video with a truth table: the camera hangs level over the ground at the picture's centre.

    The field of view is not known: any will do, for the height is made of it.
    """

    fov_deg = FOV_DEG

    def __init__(self, folder: Path) -> None:
        video = open_frames(folder / "flight.mp4")
        self._jpegs = []
        for frame in video.frames():
            self._jpegs.append(cv2.imencode(".jpg", frame.image, [1, 95])[1])
            self.size = frame.image.shape[1::-1]
        self._frame_s = 1e-6 * video.frame_us
        self.seconds = len(self._jpegs) * self._frame_s
        rows = read_truth(folder / "truth.csv", numbered=True)
        self._times = np.array([row.name for row in rows]) * self._frame_s
        self._lat = np.array([row.lat_deg for row in rows])
        self._lon = np.array([row.lon_deg for row in rows])
        self._heading = np.unwrap([row.heading_deg for row in rows], period=360.0)
        self._gsd = np.array([row.gsd_m for row in rows])

    def state(self, time_s: float) -> State:
        def at(values: np.ndarray, when: float = time_s) -> float:
            return float(np.interp(when, self._times, values))

        before, after = max(time_s - 0.5, 0.0), min(time_s + 0.5, float(self._times[-1]))
        ends = [(at(self._lat, t), at(self._lon, t)) for t in (after, before)]
        east, north = geodesy.enu_from_geo(*ends[0], *ends[1])
        focal_px = self.size[0] / 2 / math.tan(math.radians(FOV_DEG) / 2)
        return State(
            lat_deg=at(self._lat),
            lon_deg=at(self._lon),
            heading_deg=at(self._heading) % 360,
            roll_deg=0.0,
            pitch_deg=0.0,
            height_m=at(self._gsd) * focal_px,
            north_m_s=float(north) / (after - before),
            east_m_s=float(east) / (after - before),
        )

    def frame(self, time_s: float) -> np.ndarray:
        index = min(round(time_s / self._frame_s), len(self._jpegs) - 1)
        return cv2.imdecode(self._jpegs[index], cv2.IMREAD_COLOR)
