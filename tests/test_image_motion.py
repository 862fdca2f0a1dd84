"""Motion between frames cut from one picture, and on a real video."""

import csv
import math

import numpy as np
import pytest

from edgegeo.errors import RangeError, ShapeError
from edgegeo.image_motion import ImageMotion
from edgegeo.sources import open_frames

cv2 = pytest.importorskip("cv2")
GSD_M, SIZE = 0.5, (320, 240)


@pytest.fixture(scope="module")
def ground():
    """A picture of 1 km x 1 km at 0.5 m, north up, with something to see at every scale."""
    rng = np.random.default_rng(0)
    picture = np.zeros((2000, 2000, 3), np.float32)
    for cells in (25, 100, 400, 1000):
        noise = rng.uniform(0, 255, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(noise, (2000, 2000), interpolation=cv2.INTER_CUBIC) / 4
    return picture.clip(0, 255).astype(np.uint8)


def view(ground, east_m, north_m, heading_deg, shift_px=(0, 0)):
    """What a camera above a place sees; `shift_px` moves the place below it off the centre."""
    turn = math.radians(heading_deg)
    right = np.array([math.cos(turn), math.sin(turn)])  # in pixels of the ground, down
    down = np.array([-math.sin(turn), math.cos(turn)])
    centre = np.array([1000 + east_m / GSD_M, 1000 - north_m / GSD_M])
    middle = np.array([(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2]) + shift_px
    to_ground = np.column_stack([right, down, centre - right * middle[0] - down * middle[1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(ground, to_ground, SIZE, flags=flags)


def two_views(ground, before, now, seconds=0.25, **more):
    motion = ImageMotion()
    assert motion.see(view(ground, *before), 0, gsd_m=GSD_M, heading_deg=before[2]) is None
    image = view(ground, *now)
    return motion.see(image, round(1e6 * seconds), gsd_m=GSD_M, heading_deg=now[2], **more)


@pytest.mark.parametrize("heading_deg", [0, 37, 180, 290])
def test_the_velocity_is_that_of_the_ground_whatever_the_heading(ground, heading_deg):
    told = two_views(ground, (0, 0, heading_deg), (3, -2, heading_deg))
    assert told.east_m_s == pytest.approx(12, abs=0.3)
    assert told.north_m_s == pytest.approx(-8, abs=0.3)
    assert told.time_us == 125_000
    assert 0.5 < told.sigma_m_s < 2.5


def test_a_turn_is_no_motion(ground):
    told = two_views(ground, (0, 0, 30), (0, 0, 38))
    assert math.hypot(told.east_m_s, told.north_m_s) < 0.3


def test_a_logo_that_stands_still_is_left_out(ground):
    motion = ImageMotion()
    for time_us, east_m in ((0, 0.0), (250_000, 3.0)):
        image = view(ground, east_m, 0, 0)
        cv2.putText(image, "LOGO", (5, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 3)
        told = motion.see(image, time_us, gsd_m=GSD_M, heading_deg=0)
    assert told.east_m_s == pytest.approx(12, abs=0.3)


def test_the_point_below_the_camera_takes_tilt_out(ground):
    """The second frame is tilted: what lies below is 10 pixels right of the middle."""
    motion = ImageMotion()
    middle = ((SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2)
    motion.see(view(ground, 0, 0, 0), 0, gsd_m=GSD_M, heading_deg=0, nadir_px=middle)
    tilted = view(ground, 0, 0, 0, shift_px=(10, 0))
    at = (middle[0] + 10, middle[1])
    told = motion.see(tilted, 250_000, gsd_m=GSD_M, heading_deg=0, nadir_px=at)
    assert math.hypot(told.east_m_s, told.north_m_s) < 0.3


def test_a_large_frame_is_compared_small_and_measured_right(ground):
    motion = ImageMotion()
    for time_us, east_m in ((0, 0.0), (250_000, 3.0)):
        image = cv2.resize(view(ground, east_m, 0, 0), None, fx=4, fy=4)
        told = motion.see(image, time_us, gsd_m=GSD_M / 4, heading_deg=0)
    assert told.east_m_s == pytest.approx(12, abs=0.3)


def test_no_overlap_no_texture_no_time_no_answer(ground):
    assert two_views(ground, (0, 0, 0), (300, 0, 0)) is None
    assert two_views(ground, (0, 0, 0), (3, 0, 0), seconds=3) is None
    assert two_views(ground, (0, 0, 0), (1, 0, 0), seconds=0.1) is None
    assert two_views(ground, (0, 0, 0), (1, 0, 0), seconds=-0.1) is None
    motion, blank = ImageMotion(), np.full((240, 320, 3), 90, np.uint8)
    motion.see(blank, 0, gsd_m=1, heading_deg=0)
    assert motion.see(blank, 250_000, gsd_m=1, heading_deg=0) is None


def test_bad_input():
    motion, image = ImageMotion(), np.zeros((240, 320, 3), np.uint8)
    with pytest.raises(ShapeError, match="uint8"):
        motion.see(image[..., 0], 0, gsd_m=1, heading_deg=0)
    with pytest.raises(RangeError, match="gsd_m"):
        motion.see(image, 0, gsd_m=0, heading_deg=0)
    with pytest.raises(RangeError, match="heading_deg"):
        motion.see(image, 0, gsd_m=1, heading_deg=math.nan)


def test_on_a_real_video(data_dir):
    """Over windows of a second the way agrees with the registered one; the camera tilts a little.

    The truth's own error of half a metre at each end is in the bound.
    """
    folder = data_dir / "nadir_video"
    with (folder / "truth.csv").open() as file:
        truth = {int(row["frame"]): row for row in csv.DictReader(file)}
    motion, way, ways = ImageMotion(), np.zeros(2), {}
    answers = asked = 0
    for frame in open_frames(folder / "flight.mp4").frames(every=10):
        row = truth[frame.name]
        gsd_m, heading_deg = float(row["gsd_m_per_px"]), float(row["heading_deg"])
        told = motion.see(frame.image, frame.time_us, gsd_m=gsd_m, heading_deg=heading_deg)
        asked += 1
        if told is not None:
            answers += 1
            way = way + np.array([told.east_m_s, told.north_m_s]) * 10 * 1001 / 30_000
        ways[frame.name] = way
    errors = []
    for name in range(30, 710, 30):
        ours = ways[name] - ways[name - 30]
        theirs = [
            float(truth[name][axis]) - float(truth[name - 30][axis])
            for axis in ("east_m", "north_m")
        ]
        errors.append(math.hypot(*(ours - theirs)))
    assert answers == asked - 1
    assert np.median(errors) < 1.0
    assert max(errors) < 3.0
