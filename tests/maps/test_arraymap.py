"""A map in memory, read back at known places."""

import numpy as np
import pytest

from edgegeo.errors import MapError, RangeError, ShapeError
from edgegeo.geodesy import geo_from_enu
from edgegeo.maps.arraymap import ArrayRaster

LAT0, LON0 = -33.0, 151.0


def ramp(h=120, w=160, gsd_m=0.5):
    """Red says east, green says north, 3 levels a metre, dithered against rounding."""
    col, row = np.meshgrid(np.arange(w), np.arange(h))
    east, north = (col - (w - 1) / 2) * gsd_m, ((h - 1) / 2 - row) * gsd_m
    exact = np.stack([128 + 3 * east, 128 + 3 * north, 128 - 3 * east], axis=-1)
    dither = np.random.default_rng(0).random(exact.shape)
    return np.clip(np.floor(exact + dither), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("side_m", "px"), [(32.0, 64), (31.3, 16), (8.2, 64)])
def test_a_crop_shows_what_lies_there(side_m, px):
    raster = ArrayRaster(ramp(), None, LAT0, LON0, 0.5)
    lat, lon = geo_from_enu(5.21, -3.37, LAT0, LON0)
    rgb, valid = raster.crop(float(lat), float(lon), side_m, px)

    offset = (np.arange(px) - (px - 1) / 2) * side_m / px
    red = 128 + 3 * (5.21 + offset)[None, :] - rgb[..., 0]
    green = 128 + 3 * (-3.37 - offset)[:, None] - rgb[..., 1]
    assert abs(red.mean()) < 0.1  # 0.03 m
    assert abs(green.mean()) < 0.1
    assert np.abs(red).max() < 2.1
    assert valid.min() == pytest.approx(1, abs=1e-3)


def test_a_crop_on_the_grid_gives_the_pixels_back():
    rgb = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    raster = ArrayRaster(rgb, None, LAT0, LON0, 1.0)
    out, valid = raster.crop(LAT0, LON0, 64.0, 64)
    assert np.abs(out.astype(int) - rgb).max() <= 1
    np.testing.assert_allclose(valid, 1, atol=0.01)


def test_shrinking_averages_and_does_not_alias():
    checker = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    raster = ArrayRaster(np.repeat(checker[..., None], 3, axis=2), None, LAT0, LON0, 0.25)
    out, _ = raster.crop(LAT0, LON0, 60.0, 24)
    assert np.abs(out.astype(int) - 128).max() <= 13


def test_missing_pixels_leave_their_neighbours_alone():
    rgb = np.full((100, 100, 3), 180, np.uint8)
    valid = np.ones((100, 100), bool)
    rgb[:, 50:], valid[:, 50:] = 0, False
    raster = ArrayRaster(rgb, valid, LAT0, LON0, 1.0)
    for px in (20, 33, 150):
        out, share = raster.crop(LAT0, LON0, 60.0, px)
        assert (np.abs(out[share > 0].astype(int) - 180) <= 2).all()
        assert not out[share == 0].any()
        assert share.mean() == pytest.approx(0.5, abs=0.02)


def test_bounds_surround_the_pixels():
    raster = ArrayRaster(ramp(), None, LAT0, LON0, 0.5, name="land")
    lat, lon = geo_from_enu([-40, 40], [-30, 30], LAT0, LON0)
    np.testing.assert_allclose(raster.bounds, (lat[0], lon[0], lat[1], lon[1]), atol=1e-9)
    assert raster.name == "land"
    rgb, valid = raster.crop(LAT0 + 0.1, LON0, 20, 8)
    assert not rgb.any()
    assert not valid.any()


def test_wrong_arrays_are_refused():
    good = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ShapeError, match="rgb must be"):
        ArrayRaster(good.astype(float), None, 0, 0, 1)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="valid must be"):
        ArrayRaster(good, np.ones((3, 4), bool), 0, 0, 1)
    with pytest.raises(RangeError, match="gsd_m must be"):
        ArrayRaster(good, None, 0, 0, 0.0)
    with pytest.raises(MapError, match="no pixel has data"):
        ArrayRaster(good, np.zeros((4, 4), bool), 0, 0, 1)
