"""How far rectify is from the mean over the exact footprint, at every shrink it is made for."""

import numpy as np
import pytest

from edgegeo import _core
from tests import reference
from tests.kernels.test_rectify import every_target, grey, similarity

SIZE = 24
OCTAVES = [0.5, 0.7, 1.0, 1.19, 1.4, 1.9, 2.4, 2.8, 3.0, 3.3, 4.0, 5.3, 6.7, 9.5, 12.0, 16.0, 24.0]
BOUND = 0.6  # in rectify.h


def noise_around(shrink):
    side = int(1.5 * SIZE * shrink) + 8
    return np.random.default_rng(round(8 * shrink)).integers(0, 256, (side, side, 3), np.uint8)


@every_target
@pytest.mark.parametrize("turn_deg", [7.0, 33.0])
@pytest.mark.parametrize("shrink", [*OCTAVES, 32.0])
def test_white_noise_is_averaged_as_over_the_footprint(target, shrink, turn_deg):
    frame = noise_around(shrink)
    homography = similarity(frame.shape, SIZE, shrink, turn_deg)
    exact = reference.footprint_mean(frame.astype(float), homography, SIZE).transpose(2, 0, 1)
    out = grey(_core.rectify(frame, homography[None], SIZE, False, target))[0]
    assert (out - exact).std() < BOUND * exact.std()
    assert abs((out - exact).mean()) < 0.1 * exact.std()


def test_bare_bilinear_taps_would_fail():
    for shrink, least in ((2.0, 0.85), (12.0, 7.0)):
        frame = noise_around(shrink)
        homography = similarity(frame.shape, SIZE, shrink, 33.0)
        exact = reference.footprint_mean(frame.astype(float), homography, SIZE).transpose(2, 0, 1)
        x, y, _ = reference.points(homography, np.arange(SIZE))
        taps = reference.bilinear(frame.astype(float), x, y).transpose(2, 0, 1)
        assert (taps - exact).std() > least * exact.std()
