"""How far rectify is from the mean over the exact footprint, at every shrink it is made for."""

import numpy as np
import pytest

from edgegeo import _core
from tests import reference
from tests.kernels.test_rectify import every_target, grey, similarity

SIZE = 24
OCTAVES = [0.5, 0.7, 1.0, 1.19, 1.4, 1.9, 2.4, 2.8, 3.0, 3.3, 4.0, 5.3, 6.7, 9.5, 12.0, 16.0, 24.0]
BOUND = 0.6  # in rectify.h


def footprint_mean(frame, homography, shrink):
    """The bilinear frame at 16 x 16 points a pixel or more, two an input pixel at least."""
    n = max(16, 2 * int(np.ceil(shrink)))
    rows = []
    for row in range(SIZE):  # a row at a time: the points of all would not fit
        at_row = homography @ np.array([[1, 0, 0], [0, 1, row], [0, 0, 1]])
        u, v = np.meshgrid(reference.centres(SIZE, n), reference.centres(1, n))
        x, y, w = np.einsum("ij,jvu->ivu", at_row, np.stack([u, v, np.ones_like(u)]))
        values = reference.bilinear(frame, x / w, y / w)
        rows.append(values.reshape(n, SIZE, n, -1).mean(axis=(0, 2)))
    return np.stack(rows).transpose(2, 0, 1)


def noise_around(shrink):
    side = int(1.5 * SIZE * shrink) + 8
    return np.random.default_rng(round(8 * shrink)).integers(0, 256, (side, side, 3), np.uint8)


@every_target
@pytest.mark.parametrize("turn_deg", [7.0, 33.0])
@pytest.mark.parametrize("shrink", [*OCTAVES, 32.0])
def test_white_noise_is_averaged_as_over_the_footprint(target, shrink, turn_deg):
    frame = noise_around(shrink)
    homography = similarity(frame.shape, SIZE, shrink, turn_deg)
    exact = footprint_mean(frame.astype(float), homography, shrink)
    out = grey(_core.rectify(frame, homography[None], SIZE, False, target))[0]
    assert (out - exact).std() < BOUND * exact.std()
    assert abs((out - exact).mean()) < 0.1 * exact.std()


def test_bare_bilinear_taps_would_fail():
    for shrink, least in ((2.0, 0.85), (12.0, 7.0)):
        frame = noise_around(shrink)
        homography = similarity(frame.shape, SIZE, shrink, 33.0)
        exact = footprint_mean(frame.astype(float), homography, shrink)
        x, y, _ = reference.points(homography, np.arange(SIZE))
        taps = reference.bilinear(frame.astype(float), x, y).transpose(2, 0, 1)
        assert (taps - exact).std() > least * exact.std()
