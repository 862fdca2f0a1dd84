"""The network's input, checked by hand."""

import numpy as np
import pytest

from edgegeo.errors import ShapeError
from edgegeo.preprocess import grey_detail, network_input, thumbnail


def test_colours_are_normalised_and_coverage_follows():
    rgb = np.array([[[255, 0, 127]]], np.uint8)
    out = network_input(rgb, np.ones((1, 1), np.float32))
    np.testing.assert_allclose(out[:, 0, 0], [2, -2, (127 / 255 - 0.5) / 0.25, 1], atol=1e-6)
    assert out.dtype == np.float32


def test_pixels_without_data_are_zero_and_partial_ones_keep_their_colour():
    rgb = np.full((1, 2, 3), 255, np.uint8)
    out = network_input(rgb, np.array([[0, 0.25]], np.float32))
    assert out[:, 0, 0].tolist() == [0, 0, 0, 0]
    assert out[:, 0, 1].tolist() == [2, 2, 2, 0.25]


@pytest.mark.parametrize(
    ("rgb", "valid"),
    [
        (np.zeros((2, 2), np.uint8), np.ones((2, 2), np.float32)),
        (np.zeros((2, 2, 3), np.float32), np.ones((2, 2), np.float32)),
        (np.zeros((2, 2, 3), np.uint8), np.ones((2, 3), np.float32)),
    ],
)
def test_other_shapes_are_refused(rgb, valid):
    with pytest.raises(ShapeError, match="must be"):
        network_input(rgb, valid)


def test_detail_counts_only_the_covered_part():
    rgb = np.zeros((1, 4, 3), np.uint8)
    rgb[0, 1] = 255
    assert grey_detail(rgb, np.array([[1, 1, 0, 0]], np.float32)) == pytest.approx(0.5)
    assert grey_detail(rgb, np.array([[0, 0, 1, 1]], np.float32)) == 0
    assert grey_detail(rgb, np.zeros((1, 4), np.float32)) == 0


def test_thumbnail_averages_blocks():
    rgb = np.zeros((4, 4, 3), np.uint8)
    rgb[:2, :2] = [[[10] * 3, [20] * 3], [[30] * 3, [40] * 3]]
    assert thumbnail(rgb, 2)[..., 0].tolist() == [[25, 0], [0, 0]]


def test_thumbnail_of_an_odd_size_has_the_asked_side():
    assert thumbnail(np.zeros((45, 45, 3), np.uint8), 32).shape == (32, 32, 3)
