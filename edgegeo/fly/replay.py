"""A flight played again from a video or a folder, with the poses that were written down."""

import time
from functools import partial
from os import PathLike

import numpy as np

from edgegeo.camera import Camera
from edgegeo.camera_pose import CameraPose
from edgegeo.errors import DataError
from edgegeo.height import Height, HeightSource
from edgegeo.sighting import Velocity
from edgegeo.sources import FrameSource, LiveSource
from edgegeo.sources.images import Images
from edgegeo.sources.live_camera import LiveCamera
from edgegeo.sources.replay import FastReplay, paced_stream
from edgegeo.sources.video import Video
from edgegeo.truth import read_poses, read_truth

HEIGHT_SIGMA = 0.05  # relative; the table's scale is taken to be worth that
BEYOND_US = 500_000  # past the first and the last row


class Replay:
    """Frames of a file, in real time or (`fast`) as quickly as they are used.

    `zero_us` is the moment of the file's start on the flight's clock. A folder's images are
    `rate_hz` apart.
    """

    def __init__(self, source: FrameSource, *, rate_hz: float = 1.0, fast: bool = False) -> None:
        self._file, self._rate_hz = source, rate_hz
        self.source: LiveSource
        if fast:
            self.zero_us = 0
            self.source = FastReplay(source, rate_hz=rate_hz)
        else:
            start_s = time.monotonic()
            self.zero_us = round(1e6 * start_s)
            self.source = LiveCamera(partial(paced_stream, source, rate_hz, start_s), once=True)

    def time_us(self, name: str | int) -> int:
        """Return the moment of a frame on the flight's clock. Raises DataError for no frame."""
        if isinstance(self._file, Images):
            if name not in self._file.names:
                raise DataError(f"{self._file.path} has no file {name}")
            return self.zero_us + round(self._file.names.index(str(name)) * 1e6 / self._rate_hz)
        frame_us = self._file.frame_us if isinstance(self._file, Video) else 1e6 / self._rate_hz
        return self.zero_us + round(int(name) * frame_us)

    def truth(self, path: str | PathLike[str]) -> list[tuple[int, float, float]]:
        """Read (time_us, lat_deg, lon_deg) of a truth table."""
        rows = read_truth(path, numbered=self._file.numbered)
        return [(self.time_us(row.name), row.lat_deg, row.lon_deg) for row in rows]


class Recorded:
    """A vehicle of which heading and scale were written down; it hangs level, and is silent on
    all else. Between rows both are interpolated.

    Raises DataError for a table without them.
    """

    altitude_m: float | None = None
    silent = True  # nothing more will come: do not wait for it

    def __init__(self, replay: Replay, path: str | PathLike[str], *, numbered: bool) -> None:
        rows = sorted(
            (replay.time_us(name), pose.heading_deg, pose.gsd_m)
            for name, pose in read_poses(path, numbered=numbered).items()
            if pose.heading_deg is not None and pose.gsd_m is not None
        )
        if not rows:
            raise DataError(f"{path} has no row with both heading_deg and gsd_m_per_px")
        times, headings, scales = zip(*rows, strict=True)
        self._times = np.array(times, np.int64)
        self._headings = np.unwrap(np.array(headings, np.float64), period=360.0)
        self._scales = np.array(scales, np.float64)

    def pose(self, camera: Camera, time_us: int) -> CameraPose | None:
        if not self._times[0] - BEYOND_US <= time_us <= self._times[-1] + BEYOND_US:
            return None
        height_m = float(np.interp(time_us, self._times, self._scales)) * camera.fx_px
        return CameraPose(
            time_us=time_us,
            heading_deg=float(np.interp(time_us, self._times, self._headings)) % 360.0,
            roll_deg=0.0,
            pitch_deg=0.0,
            height=Height(
                height_m=height_m,
                sigma_m=HEIGHT_SIGMA * height_m,
                source=HeightSource.TERRAIN,
            ),
        )

    def velocity(self) -> Velocity | None:
        return None

    def problems(self) -> list[str]:
        return []
