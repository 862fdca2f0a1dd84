"""What a camera is, and frames of a bent lens made straight."""

import math

import numpy as np
import pytest

from edgegeo.camera import Camera, Lens, Undistortion, camera_from_fov, project
from edgegeo.errors import RangeError, ShapeError

WIDTH, HEIGHT = 320, 240
BARREL = (-0.25, 0.06, 0.001, -0.002, 0.0)


def a_camera(**changes):
    base = {"width_px": WIDTH, "height_px": HEIGHT, "fx_px": 200.0, "fy_px": 200.0}
    return Camera(**{**base, "cx_px": 159.5, "cy_px": 119.5, **changes})


BENT = a_camera(lens=Lens.RADTAN, distortion=BARREL, fy_px=205.0, cx_px=165.0, cy_px=112.0)
FISHEYE = a_camera(lens=Lens.FISHEYE, distortion=(0.02, -0.01, 0.0, 0.0), fx_px=120.0, fy_px=120.0)
WHOLE_NUMBERS = a_camera(
    lens=Lens.FISHEYE, distortion=(0, 0, 0, 0), fx_px=120, fy_px=120, cx_px=160, cy_px=120
)
OFF_CENTRE = a_camera(cx_px=140.0)


def squares(x, y):
    """A chequered plane in front of the camera, seen along rays (x, y, 1)."""
    return np.where((np.floor(8 * x) + np.floor(8 * y)) % 2, 220, 30)


def rays(camera, width=WIDTH, height=HEIGHT):
    y, x = np.mgrid[0:height, 0:width].astype(float)
    return (x - camera.cx_px) / camera.fx_px, (y - camera.cy_px) / camera.fy_px


def seen_by(camera):
    """The chequered plane as that camera takes it: each ray is looked up where it lands."""
    wide = camera_from_fov(1200, 1000, 130.0)
    x, y = rays(wide, 1200, 1000)
    at = np.rint(project(camera, x, y)).astype(int)
    inside = ((at >= 0) & (at < (WIDTH, HEIGHT))).all(axis=-1)
    frame = np.zeros((HEIGHT, WIDTH), np.uint8)
    frame[at[inside][:, 1], at[inside][:, 0]] = squares(x[inside], y[inside])
    return frame


def test_a_field_of_view_makes_a_centred_pinhole():
    camera = camera_from_fov(1000, 600, 90.0, mount_yaw_deg=90.0)
    assert (camera.fx_px, camera.cx_px, camera.cy_px) == (500.0, 499.5, 299.5)
    assert camera.is_centred_pinhole
    assert camera.fov_deg == pytest.approx(90.0)
    frame = np.zeros((600, 1000, 3), np.uint8)
    assert Undistortion(camera)(frame) is frame  # nothing to do, and no OpenCV asked for


@pytest.mark.parametrize(
    "camera",
    [BENT, FISHEYE, WHOLE_NUMBERS, OFF_CENTRE],
    ids=["bent", "fisheye", "whole numbers", "off centre"],
)
def test_a_bent_lens_gives_what_the_pinhole_would_see(camera):
    pytest.importorskip("cv2")
    straight = Undistortion(camera)
    got = straight(seen_by(camera)).astype(int)
    assert straight.camera.is_centred_pinhole
    assert got.shape == (HEIGHT, WIDTH)
    x, y = rays(straight.camera)
    away = (np.abs((8 * x) % 1 - 0.5) < 0.25) & (np.abs((8 * y) % 1 - 0.5) < 0.25)
    wrong = np.abs(got - squares(x, y))[away] > 90
    assert wrong.mean() < 0.01
    assert away.mean() > 0.2


def test_the_straight_frame_is_filled_and_as_wide_as_that_allows():
    pytest.importorskip("cv2")
    for camera in (BENT, FISHEYE, OFF_CENTRE):
        straight = Undistortion(camera).camera
        assert Undistortion(camera)(np.full((HEIGHT, WIDTH, 3), 255, np.uint8)).min() == 255
        wider = straight.fx_px / 1.05
        y, x = np.mgrid[0 : HEIGHT : HEIGHT - 1, 0 : WIDTH : WIDTH - 1].astype(float)
        edges = np.linspace(0, WIDTH - 1, 50)
        at = project(camera, (edges - 159.5) / wider, np.full(50, -119.5 / wider))
        corners = project(camera, (x - 159.5) / wider, (y - 119.5) / wider).reshape(-1, 2)
        left = project(camera, np.full(50, -159.5 / wider), (edges * 0.7 - 111) / wider)
        right = project(camera, np.full(50, 159.5 / wider), (edges * 0.7 - 111) / wider)
        every = np.concatenate([at, corners, left, right])
        assert not ((every >= 0) & (every <= (WIDTH - 1, HEIGHT - 1))).all()


def test_the_mounting_goes_with_the_straight_camera():
    pytest.importorskip("cv2")
    straight = Undistortion(a_camera(cx_px=140.0, mount_yaw_deg=180.0, mount_pitch_deg=10.0))
    assert (straight.camera.mount_yaw_deg, straight.camera.mount_pitch_deg) == (180.0, 10.0)


def test_a_bent_camera_has_no_single_field_of_view():
    for camera in (BENT, FISHEYE, OFF_CENTRE, a_camera(fy_px=210.0)):
        assert not camera.is_centred_pinhole
        with pytest.raises(RangeError, match="centred pinhole"):
            _ = camera.fov_deg
    # A fisheye whose numbers are all 0 bends all the same.
    assert not a_camera(lens=Lens.FISHEYE, distortion=(0.0,) * 4).is_centred_pinhole


def test_frames_of_another_size_are_refused_unless_they_are_known_to_be_scaled():
    camera = BENT
    assert camera.at_size(WIDTH, HEIGHT) is camera
    with pytest.raises(RangeError, match=r"320 x 240 pixels, as calibrated.*640 x 480"):
        camera.at_size(640, 480)
    with pytest.raises(RangeError, match=r"of that shape.*640 x 360"):
        camera.at_size(640, 360, scaled=True)
    double = camera.at_size(640, 480, scaled=True)
    assert (double.fx_px, double.fy_px) == (400.0, 410.0)
    assert (double.cx_px, double.cy_px) == (330.5, 224.5)  # pixels have their centre in the middle
    assert camera_from_fov(320, 240, 70).at_size(640, 480, scaled=True).fov_deg == pytest.approx(70)
    with pytest.raises(ShapeError, match=r"\(240, 320\)"):
        Undistortion(camera)(np.zeros((480, 640, 3), np.uint8))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width_px": 0}, "width_px"),
        ({"fx_px": -5.0}, "fx_px"),
        ({"fy_px": math.nan}, "fy_px"),
        ({"cx_px": 400.0}, "cx_px"),
        ({"mount_yaw_deg": math.inf}, "mount_yaw_deg"),
        ({"lens": Lens.RADTAN, "distortion": (0.1,)}, "RADTAN"),
        ({"distortion": (0.1, 0.0, 0.0, 0.0)}, "NONE"),
        ({"lens": Lens.FISHEYE, "distortion": (math.nan, 0, 0, 0)}, "distortion"),
    ],
)
def test_numbers_that_make_no_camera_are_named(change, message):
    with pytest.raises(RangeError, match=message):
        a_camera(**change)


def test_an_axis_outside_the_picture_cannot_be_made_straight():
    pytest.importorskip("cv2")
    with pytest.raises(RangeError, match="optical axis"):
        Undistortion(a_camera(cx_px=0.0))
