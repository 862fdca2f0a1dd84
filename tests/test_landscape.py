"""The procedural landscape: deterministic, different by seed, the same place on two dates."""

import time

import numpy as np
import pytest

from edgegeo.demo.landscape import landscape
from edgegeo.demo.layout import STYLES, make_layout
from edgegeo.demo.light import shadows
from edgegeo.errors import RangeError


def detail(rgb):
    """Grey levels with the slow parts of light and colour taken out."""
    grey = rgb.astype(np.float64).mean(axis=2)
    coarse = grey.reshape(len(grey) // 32, 32, -1, 32).mean(axis=(1, 3))
    return grey - np.kron(coarse, np.ones((32, 32)))


def likeness(a, b):
    return np.corrcoef(detail(a).ravel(), detail(b).ravel())[0, 1]


def test_the_same_numbers_give_the_same_picture():
    a, b = (landscape(5, 128, 0.5, date=1) for _ in range(2))
    assert a.shape == (128, 128, 3)
    assert a.dtype == np.uint8
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("style", [style.name for style in STYLES])
def test_dates_change_the_picture_and_keep_the_place(style):
    before, after = (landscape(7, 256, 0.5, date, style) for date in (0, 1))
    other = landscape(8, 256, 0.5, 1, style)
    assert np.abs(before.astype(int) - after).mean() > 4
    assert likeness(before, after) > 0.2
    assert likeness(before, after) > likeness(before, other) + 0.15


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_blank_or_burnt_out(seed):
    rgb = landscape(seed, 192, 0.6)
    assert 60 < rgb.mean() < 200
    assert rgb.std() > 12
    assert (rgb == 255).mean() < 0.02


@pytest.mark.parametrize(("size_px", "gsd_m"), [(1, 0.5), (33, 2.0), (300, 0.1)])
def test_any_size_and_scale(size_px, gsd_m):
    assert landscape(2, size_px, gsd_m).shape == (size_px, size_px, 3)


def test_street_coordinates_invert():
    layout = make_layout(11, 0, 300.0, "suburb")
    u, v = np.random.default_rng(0).uniform(-300, 300, (2, 50))
    back = layout.uv_from_xy(*layout.xy_from_uv(u, v))
    np.testing.assert_allclose(back, (u, v), atol=0.05)


def test_a_shadow_is_as_long_as_the_sun_is_low():
    height = np.zeros((41, 41), np.float32)
    height[20, 20] = 8.0
    shadow = shadows(height, (1.0, 0.0), 45.0, 1.0)  # the sun in the east
    assert (shadow[20, 13:20] > 0.5).all()  # 8 m tall: 8 m of shadow to the west
    assert shadow[20, 11] == 0
    assert shadow[20, 21:].max() == 0
    assert shadow[19].max() == 0


def test_impossible_settings_are_refused():
    with pytest.raises(RangeError):
        landscape(0, 0, 0.5)
    with pytest.raises(RangeError):
        landscape(0, 64, float("nan"))


def test_a_megapixel_takes_seconds():
    start = time.process_time()
    landscape(2, 1024, 0.5)
    assert time.process_time() - start < 10  # 2 s on a quiet core; shared machines are slower
