"""Frame geometry against hand numbers, and a rendered ground brought back to north up."""

import math

import numpy as np
import pytest

from edgegeo import rectify
from edgegeo.errors import RangeError, ShapeError

SHAPE = (480, 640)
CENTRE = (319.5, 239.5)


def frame_point(homography, east_m, north_m, tile_m=128.0, px=128):
    """Where a ground point, in metres from the tile's centre, falls in the frame."""
    metres = tile_m / px
    u, v = (px - 1) / 2 + east_m / metres, (px - 1) / 2 - north_m / metres
    x, y, w = homography @ (u, v, 1)
    return (x / w, y / w)


@pytest.mark.parametrize(
    ("heading_deg", "east_m", "north_m", "right_px", "up_px"),
    [
        (0, 0, 10, 0, 20),  # looking north: north is up, east is right
        (0, 10, 0, 20, 0),
        (90, 10, 0, 0, 20),  # the image's up side points east
        (90, 0, 10, -20, 0),
        (-90, 10, 0, 0, -20),
        (180, 0, 10, 0, -20),
        (45, 10, 10, 0, 20 * math.sqrt(2)),
    ],
)
def test_heading_turns_clockwise_from_north(heading_deg, east_m, north_m, right_px, up_px):
    homography = rectify.frame_from_tile(SHAPE, 128, 128, heading_deg, 0.5)
    expected = (CENTRE[0] + right_px, CENTRE[1] - up_px)
    assert frame_point(homography, east_m, north_m) == pytest.approx(expected)


def test_the_tiles_centre_is_the_images_centre():
    for angles in ((0.0, 0.0), (12.0, -7.0)):
        homography = rectify.frame_from_tile(SHAPE, 100, 64, 33, 0.3, *angles, fov_deg=70)
        assert frame_point(homography, 0, 0, 100, 64) == pytest.approx(CENTRE)
        assert homography[2] @ (31.5, 31.5, 1) == pytest.approx(1)


@pytest.mark.parametrize(("heading_deg", "right_px", "up_px"), [(0, 20, 40), (90, -40, 20)])
def test_a_tile_elsewhere_has_its_centre_there_by_hand(heading_deg, right_px, up_px):
    """10 m east and 20 m north of the image's centre, at 0.5 m a pixel."""
    homography = rectify.frame_from_tile(SHAPE, 128, 128, heading_deg, 0.5, centre_m=(10, 20))
    expected = (CENTRE[0] + right_px, CENTRE[1] - up_px)
    assert frame_point(homography, 0, 0) == pytest.approx(expected)


def test_a_tile_behind_the_camera_shows_nothing():
    """100 m up, nose up by 45 degrees: 141 m of slant range, and the axis meets the ground 100 m
    ahead. The plane of the lens meets it 100 m behind, so 230 m back from the axis is unseen."""
    gsd_m = rectify.gsd_from_height(100, 150, SHAPE[1], 0, 45)
    for north_m, seen in ((0, True), (-150, True), (-230, False)):
        warp = rectify.frame_from_tile(
            SHAPE, 20, 20, 0, gsd_m, 0, 45, fov_deg=150, centre_m=(0, north_m)
        )
        assert (warp[2] @ (9.5, 9.5, 1) > 0) == seen
        out = rectify.rectify(np.full((*SHAPE, 3), 200, np.uint8), warp[None], 20)
        assert out[0, 3].any() == seen


TILTS = [(0.0, 0.0), (0.0, 15.0), (-12.0, 0.0), (9.0, -14.0)]


@pytest.mark.parametrize(("roll_deg", "pitch_deg"), TILTS)
def test_a_tile_elsewhere_shows_the_same_ground_at_the_same_place(roll_deg, pitch_deg):
    seen = (SHAPE, 128, 128, 33, 0.3, roll_deg, pitch_deg, 70)
    here = rectify.frame_from_tile(*seen)
    there = rectify.frame_from_tile(*seen, centre_m=(25.0, -40.0))
    for east_m, north_m in ((0, 0), (30, 5), (-20, 44)):
        expected = frame_point(here, 25 + east_m, -40 + north_m)
        assert frame_point(there, east_m, north_m) == pytest.approx(expected)
    assert there[2] @ (63.5, 63.5, 1) == pytest.approx(1)


@pytest.mark.parametrize(("roll_deg", "pitch_deg"), TILTS)
def test_a_tile_elsewhere_is_cut_as_from_a_larger_one(roll_deg, pitch_deg):
    """96 m around the centre hold the 32 m whose centre lies 16 m east and 24 m south of it."""
    rng = np.random.default_rng(2)
    frame = np.kron(rng.integers(0, 256, (24, 32, 3), np.uint8), np.ones((20, 20, 1), np.uint8))
    seen = {"heading_deg": 60, "gsd_m": 0.2, "roll_deg": roll_deg, "pitch_deg": pitch_deg}
    whole = rectify.frame_from_tile(SHAPE, 96, 96, fov_deg=70, **seen)
    part = rectify.frame_from_tile(SHAPE, 32, 32, fov_deg=70, centre_m=(16, -24), **seen)
    (large,), (small,) = (
        rectify.rectify(frame, warp[None], px) for warp, px in ((whole, 96), (part, 32))
    )
    assert small[3].any()
    same = large[:, 56:88, 48:80]
    if roll_deg or pitch_deg:  # each tile is averaged by the shrink at its own centre
        assert np.abs(small - same).mean() < 0.06
        assert np.abs(small - large[:, 57:89, 48:80]).mean() > 0.2
    else:
        np.testing.assert_allclose(small, same, atol=2e-3)


def test_no_tilt_is_the_same_with_and_without_a_field_of_view():
    flat = rectify.frame_from_tile(SHAPE, 128, 128, 25, 0.4)
    tiny = rectify.frame_from_tile(SHAPE, 128, 128, 25, 0.4, 1e-9, 0.0, fov_deg=60)
    np.testing.assert_allclose(tiny, flat, atol=1e-6)


def test_nose_up_looks_ahead_by_hand():
    """100 m up, 90 degrees wide on 1000 px (focal 500 px), nose up by 30 degrees, heading north.

    The axis meets the ground 100 tan(30) = 57.735 m ahead, slant 115.47 m: 0.23094 m a pixel.
    The nadir point is 30 degrees below the axis: 500 tan(30) = 288.675 px down the image. The
    horizon's 60 degrees up leave 30 degrees more at 500 tan(30) px up: 100 tan(60) m ahead.
    """
    shape = (801, 1000)
    gsd_m = rectify.gsd_from_height(100, 90, 1000, 0, 30)
    assert gsd_m == pytest.approx(0.2309401)
    homography = rectify.frame_from_tile(shape, 128, 128, 0, gsd_m, 0, 30, fov_deg=90)
    ahead_m = 100 * math.tan(math.radians(30))
    assert frame_point(homography, 0, -ahead_m) == pytest.approx((499.5, 400 + 288.675), abs=1e-3)
    far_m = 100 * math.tan(math.radians(60)) - ahead_m
    assert frame_point(homography, 0, far_m) == pytest.approx((499.5, 400 - 288.675), abs=1e-3)
    # 10 m to the right at the image's centre: no tilt that way, so 10 / gsd
    assert frame_point(homography, 10, 0) == pytest.approx((499.5 + 10 / gsd_m, 400))


def test_right_wing_down_looks_to_the_left_by_hand():
    """Roll 20 degrees, heading east: the axis leans to the left, north; nadir is to the right."""
    gsd_m = rectify.gsd_from_height(100, 90, 1000, 20, 0)
    homography = rectify.frame_from_tile((801, 1000), 128, 128, 90, gsd_m, 20, 0, fov_deg=90)
    aside_m = 100 * math.tan(math.radians(20))
    below = frame_point(homography, 0, -aside_m)
    assert below == pytest.approx((499.5 + 500 * math.tan(math.radians(20)), 400))
    assert rectify.camera_offset_m(100, 90, 20, 0) == pytest.approx((0, -aside_m))


@pytest.mark.parametrize("heading_deg", [0, 40, 215])
def test_the_camera_offset_is_the_point_straight_below(heading_deg):
    """The nadir pixel lies along the body's image of straight down, whatever the heading."""
    roll_deg, pitch_deg, fov_deg = -14.0, 22.0, 80.0
    gsd_m = rectify.gsd_from_height(120, fov_deg, SHAPE[1], roll_deg, pitch_deg)
    homography = rectify.frame_from_tile(
        SHAPE, 128, 128, heading_deg, gsd_m, roll_deg, pitch_deg, fov_deg
    )
    offset = rectify.camera_offset_m(120, heading_deg, roll_deg, pitch_deg)
    focal_px = 320 / math.tan(math.radians(40))
    roll, pitch = math.radians(roll_deg), math.radians(pitch_deg)
    down = (-math.sin(pitch), math.cos(pitch) * math.sin(roll), math.cos(pitch) * math.cos(roll))
    expected = (
        CENTRE[0] + focal_px * down[1] / down[2],
        CENTRE[1] - focal_px * down[0] / down[2],
    )
    assert frame_point(homography, *offset) == pytest.approx(expected)


def test_fifteen_degrees_at_120_m_are_32_m():
    assert math.hypot(*rectify.camera_offset_m(120, 77, 0, 15)) == pytest.approx(32.154, abs=1e-3)
    assert rectify.camera_offset_m(120, 77, 0, 0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("heading_deg", "roll_deg", "pitch_deg"), [(0, 0, 0), (70, 0, 0), (200, 12, -9)]
)
def test_a_frame_of_a_checkered_ground_comes_back_north_up(heading_deg, roll_deg, pitch_deg):
    """Render 8 m squares, red in the north east, through the inverse map; rectify; compare."""
    tile_m, px = 64.0, 64
    homography = rectify.frame_from_tile(
        SHAPE, tile_m, px, heading_deg, 0.2, roll_deg, pitch_deg, fov_deg=60
    )

    def ground(u, v):
        east, north = u - (px - 1) / 2, (px - 1) / 2 - v  # one metre a pixel
        checks = (np.floor(east / 8) + np.floor(north / 8)) % 2
        red = np.where((east > 0) & (north > 0), 255, 90)
        return np.stack([60 + 120 * checks, 60 + 120 * checks, red], axis=-1)

    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    u, v, w = np.einsum("ij,j...->i...", np.linalg.inv(homography), np.stack([x, y, x * 0 + 1]))
    frame = ground(u / w, v / w).astype(np.uint8)

    out = rectify.rectify(frame, homography[None], px)[0]

    v, u = np.mgrid[0:px, 0:px]
    expected = ground(u, v)
    got = (out[2::-1].transpose(1, 2, 0) * 0.25 + 0.5) * 255
    away_from_edges = (np.abs((u - 31.5) % 8 - 4) < 2.6) & (np.abs((v - 31.5) % 8 - 4) < 2.6)
    assert (out[3] == 1).mean() > 0.95
    np.testing.assert_allclose(got[away_from_edges], expected[away_from_edges], atol=3)


def test_half_precision_is_the_same_rounded():
    frame = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    warp = rectify.frame_from_tile((40, 50), 32, 32, 10, 1.0)[None]
    half = rectify.rectify(frame, warp, 32, half=True)
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, rectify.rectify(frame, warp, 32).astype(np.float16))


def test_rgb_and_bgr_and_grey_meet():
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    warp = rectify.frame_from_tile((40, 50), 32, 32, 10, 1.0)[None]
    bgr = rectify.rectify(frame, warp, 32)
    np.testing.assert_array_equal(rectify.rectify(frame[:, :, ::-1], warp, 32, rgb=True), bgr)
    grey = rectify.rectify(frame[:, :, 0], warp, 32)
    np.testing.assert_array_equal(grey[:, 0], grey[:, 2])
    np.testing.assert_array_equal(rectify.rectify(frame[:, :, :1], warp, 32), grey)
    assert grey.shape == (1, 4, 32, 32)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (None, "NoneType.*unreadable"),
        ([[1, 2], [3, 4]], "list"),
        (np.zeros((40, 40, 3)), "uint8.*float64"),
        (np.zeros((40, 40, 3), np.uint16), "uint16"),
        (np.zeros((40, 40, 2), np.uint8), r"\(40, 40, 2\)"),
        (np.zeros((40, 40, 4), np.uint8), r"\(40, 40, 4\)"),
        (np.zeros((1, 1, 3), np.uint8), "16 x 16"),
        (np.zeros((0, 0, 3), np.uint8), r"\(0, 0, 3\)"),
        (np.zeros(0, np.uint8), r"\(0,\)"),
        (np.zeros((40, 15), np.uint8), "16 x 16"),
    ],
)
def test_what_is_no_frame_is_refused_with_a_reason(frame, message):
    with pytest.raises(ShapeError, match=message):
        rectify.rectify(frame, np.eye(3)[None], 16)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tile_m": 0.0}, "tile_m"),
        ({"gsd_m": math.nan}, "gsd_m"),
        ({"gsd_m": -1.0}, "gsd_m"),
        ({"heading_deg": math.inf}, "heading_deg"),
        ({"px": 0}, "px"),
        ({"pitch_deg": 10.0, "fov_deg": None}, "fov_deg"),
        ({"pitch_deg": 10.0, "fov_deg": 180.0}, "fov_deg"),
        ({"pitch_deg": 80.0}, "tilt"),
        ({"roll_deg": 180.0}, "tilt"),
        ({"roll_deg": math.nan}, "roll_deg"),
    ],
)
def test_numbers_outside_their_range_are_named(change, message):
    settings = {"tile_m": 100.0, "px": 128, "heading_deg": 0.0, "gsd_m": 0.5, "fov_deg": 60.0}
    with pytest.raises(RangeError, match=message):
        rectify.frame_from_tile(SHAPE, **{**settings, **change})


def test_heights_and_homographies_are_checked():
    with pytest.raises(RangeError, match="height_m"):
        rectify.gsd_from_height(0.0, 60, 640)
    with pytest.raises(RangeError, match="height_m"):
        rectify.camera_offset_m(math.inf, 0, 0, 0)
    frame = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(ShapeError, match="homographies"):
        rectify.rectify(frame, np.eye(3), 16)
    with pytest.raises(RangeError, match="finite"):
        rectify.rectify(frame, np.full((1, 3, 3), np.nan), 16)
