"""From vehicle, gimbal and mounting to the view that `locate` takes."""

import math

import pytest

from edgegeo.attitude import quaternion
from edgegeo.camera import camera_from_fov
from edgegeo.camera_pose import CameraPose, pose_of
from edgegeo.errors import RangeError
from edgegeo.given import Given
from edgegeo.height import Height, HeightSource
from edgegeo.types import Reject

HEIGHT = Height(height_m=100.0, sigma_m=5.0, source=HeightSource.RANGEFINDER)


def vehicle(roll=0.0, pitch=0.0, yaw=0.0):
    return quaternion(*(math.radians(a) for a in (roll, pitch, yaw)))


def camera(**mounting):
    return camera_from_fov(640, 480, 60.0, **mounting)


def hangs(pose):
    return pose.heading_deg, pose.roll_deg, pose.pitch_deg


def about(*degrees):
    return pytest.approx(degrees, abs=1e-6)


def test_a_camera_along_the_nose_hangs_as_the_vehicle_does():
    pose = pose_of(camera(), vehicle(5, -7, 200), HEIGHT, 11)
    assert hangs(pose) == about(200, 5, -7)
    assert pose.time_us == 11


@pytest.mark.parametrize(
    ("mount_yaw", "expected"),
    [(90, (290, 0, -5)), (180, (20, -5, 0)), (-90, (110, 0, 5))],
)
def test_a_turned_camera_sees_the_vehicles_roll_about_its_own_axes(mount_yaw, expected):
    """The right wing is 5 degrees down: a camera whose up side is to the right looks nose down."""
    pose = pose_of(camera(mount_yaw_deg=mount_yaw), vehicle(5, 0, 200), HEIGHT, 0)
    assert hangs(pose) == about(*expected)


def test_a_tilted_mount_adds_to_the_pitch():
    pose = pose_of(camera(mount_pitch_deg=20), vehicle(0, -8, 90), HEIGHT, 0)
    assert hangs(pose) == about(90, 0, 12)
    assert pose.tilt_deg == pytest.approx(12)


def test_a_gimbal_straight_down_and_one_that_looks_ahead():
    down = pose_of(camera(), vehicle(0, -90, 0), HEIGHT, 0, on_gimbal=True)
    assert down.tilt_deg == pytest.approx(0, abs=1e-5)
    ahead = pose_of(camera(), vehicle(0, -70, 130), HEIGHT, 0, on_gimbal=True)
    assert hangs(ahead) == about(130, 0, 20)


def test_the_view_is_what_locate_takes():
    pose = pose_of(camera(), vehicle(3, -4, 10), HEIGHT, 0, heading_sigma_deg=4.0)
    view = pose.view(camera().fov_deg)
    given = Given(**view)
    assert given.heading_deg == pytest.approx(10)
    assert (given.heading_sigma_deg, given.height_m, given.gsd_sigma) == (4.0, 100.0, 0.05)
    slant_m = 100 / math.cos(math.radians(3)) / math.cos(math.radians(4))
    focal_px = 320 / math.tan(math.radians(30))
    assert given.gsd_at(640) == pytest.approx(slant_m / focal_px)


def test_without_a_height_the_scale_is_left_to_be_searched():
    view = pose_of(camera(), vehicle(), None, 0).view(60.0)
    assert "height_m" not in view
    assert "gsd_sigma" not in view
    assert Given(**view).gsd_at(640) is None


def test_an_oblique_view_is_a_reject_with_its_reason():
    pose = pose_of(camera(mount_pitch_deg=25), vehicle(0, 10, 0), HEIGHT, 0)
    assert pose.view(60.0) is Reject.OBLIQUE
    assert pose.view(60.0, max_tilt_deg=40.0)["pitch_deg"] == pytest.approx(35)
    upside_down = pose_of(camera(), vehicle(180, 0, 0), HEIGHT, 0)
    assert upside_down.view(60.0) is Reject.OBLIQUE


def test_numbers_that_are_no_pose_are_named():
    with pytest.raises(RangeError, match="heading_deg"):
        CameraPose(time_us=0, heading_deg=math.nan, roll_deg=0, pitch_deg=0)
    with pytest.raises(RangeError, match="tilt_sigma_deg"):
        CameraPose(time_us=0, heading_deg=0, roll_deg=0, pitch_deg=0, tilt_sigma_deg=0)
