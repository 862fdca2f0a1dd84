"""A table of poses beside a video or a folder: what it tells of the moments between its rows."""

import pytest

pytest.importorskip("cv2")
pytest.importorskip("pymavlink")

import cv2
import numpy as np

from edgegeo.camera import camera_from_fov
from edgegeo.errors import DataError
from edgegeo.fly.replay import Recorded, Replay
from edgegeo.sources import open_frames

CAMERA = camera_from_fov(1000, 800, 90.0)  # 500 px of focal length


@pytest.fixture
def replay(tmp_path):
    """Three images, half a second apart."""
    for k in range(3):
        cv2.imwrite(str(tmp_path / f"{k}.png"), np.full((40, 60, 3), 40 * k, np.uint8))
    made = Replay(open_frames(tmp_path), rate_hz=2.0, fast=True)
    with made.source:
        yield made


def table(tmp_path, *rows):
    path = tmp_path / "poses.csv"
    lines = ["file,lat_deg,lon_deg,heading_deg,gsd_m_per_px", *rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_heading_and_scale_are_interpolated_the_short_way_round(replay, tmp_path):
    path = table(tmp_path, "2.png,1,2,10,0.3", "0.png,1,2,350,0.2")
    vehicle = Recorded(replay, path)
    pose = vehicle.pose(CAMERA, 250_000)
    assert pose.heading_deg == pytest.approx(355.0)
    assert pose.height.height_m == pytest.approx(0.225 * 500)
    assert vehicle.pose(CAMERA, 750_000).heading_deg == pytest.approx(5.0)
    assert vehicle.pose(CAMERA, 2_000_000) is None
    assert replay.truth(path) == [(1_000_000, 1.0, 2.0), (0, 1.0, 2.0)]


def test_a_table_that_tells_nothing_or_names_no_frame_is_refused(replay, tmp_path):
    with pytest.raises(DataError, match="heading_deg and gsd_m_per_px"):
        Recorded(replay, table(tmp_path, "0.png,1,2,,0.2"))
    with pytest.raises(DataError, match=r"no file 9\.png"):
        Recorded(replay, table(tmp_path, "9.png,1,2,10,0.2"))
