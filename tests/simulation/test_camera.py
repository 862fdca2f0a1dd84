"""What a shot shows, against a ray caster written for this test."""

import math

import numpy as np
import pytest

from edgegeo.errors import RangeError
from edgegeo.geodesy import enu_from_geo, geo_from_enu
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.simulation.camera import Shot, render, view

LAT, LON = 47.0, 8.0


def ramp_map(size=64, gsd_m=0.5):
    """A map that says where it is: red is the column times 4, green the row times 4."""
    rgb = np.zeros((size, size, 3), np.uint8)
    rgb[..., 0] = np.arange(size) * 4
    rgb[..., 1] = np.arange(size)[:, None] * 4
    return ArrayRaster(rgb, None, LAT, LON, gsd_m)


def cast(x, y, shot):
    """East and north of frame pixel (x, y), metres from the centre, by turning its ray."""
    width, height = shot.size
    focal_px = width / 2 / math.tan(math.radians(shot.fov_deg / 2))
    yaw, pitch, roll = (math.radians(a) for a in (shot.heading_deg, shot.pitch_deg, shot.roll_deg))
    about_down = [[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]]
    about_right = [
        [math.cos(pitch), 0, math.sin(pitch)], [0, 1, 0], [-math.sin(pitch), 0, math.cos(pitch)]
    ]  # fmt: skip
    about_ahead = [
        [1, 0, 0], [0, math.cos(roll), -math.sin(roll)], [0, math.sin(roll), math.cos(roll)]
    ]  # fmt: skip
    turn = np.array(about_down) @ about_right @ about_ahead
    height_m = shot.gsd_m * focal_px * (turn @ (0, 0, 1))[2]

    def hit(x, y):
        north, east, down = turn @ (
            ((height - 1) / 2 - y) / focal_px, (x - (width - 1) / 2) / focal_px, 1
        )  # fmt: skip
        return np.array((east, north)) / down * height_m

    return hit(x, y) - hit((width - 1) / 2, (height - 1) / 2)


def a_shot(**changes):
    east_m, north_m = 1.3, -0.7
    lat, lon = geo_from_enu(east_m, north_m, LAT, LON)
    base = {"lat_deg": float(lat), "lon_deg": float(lon), "heading_deg": 0.0, "gsd_m": 0.2}
    return Shot(**{**base, "size": (64, 48), **changes})


SHOTS = [
    a_shot(),
    a_shot(heading_deg=90.0),
    a_shot(heading_deg=213.0, gsd_m=0.3),
    a_shot(heading_deg=40.0, roll_deg=10.0, pitch_deg=-8.0),
    a_shot(heading_deg=300.0, roll_deg=-3.0, pitch_deg=14.0, gsd_m=0.05),
    a_shot(gsd_m=0.4, size=(48, 64), pitch_deg=12.0),
]


@pytest.mark.parametrize("shot", SHOTS)
def test_every_pixel_shows_the_ground_its_ray_hits(shot):
    raster = ramp_map()

    rgb, valid = view(raster, shot)

    centre = np.array(enu_from_geo(shot.lat_deg, shot.lon_deg, LAT, LON))
    width, height = shot.size
    errors = []
    for x in range(2, width - 2, 7):
        for y in range(2, height - 2, 7):
            east, north = centre + cast(x, y, shot)
            col, row = east / 0.5 + 31.5, 31.5 - north / 0.5
            if 3 < col < 60 and 3 < row < 60:
                assert valid[y, x]
                errors.append((rgb[y, x, 0] / 4 - col, rgb[y, x, 1] / 4 - row))
    assert len(errors) > 20
    assert np.abs(errors).max() < 0.2
    assert np.abs(np.mean(errors, axis=0)).max() < 0.125  # half a grey level of the ramp


def test_off_the_map_is_black_and_invalid():
    shot = a_shot(gsd_m=1.0)
    _, valid = view(ramp_map(), shot)
    frame = render(ramp_map(), shot, np.random.default_rng(0))
    assert valid[24, 32]
    assert not valid[0, 0]
    assert frame[0, 0].tolist() == [0, 0, 0]
    assert frame.shape == (48, 64, 3)
    assert frame.dtype == np.uint8


def test_a_frame_that_needs_too_much_map_is_refused():
    with pytest.raises(RangeError, match="map pixels"):
        view(ramp_map(gsd_m=0.1), a_shot(gsd_m=1.0, size=(8000, 8000)))
