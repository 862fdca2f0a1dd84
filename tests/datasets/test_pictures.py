"""How a file becomes a square."""

import cv2
import numpy as np
import pytest

from edgegeo.datasets.pictures import ImageFile
from edgegeo.errors import DataError


@pytest.fixture
def wide(tmp_path):
    """64 x 32 px: a red quarter left, a green one right, blue between."""
    rgb = np.zeros((32, 64, 3), np.uint8)
    rgb[:, :16, 0] = rgb[:, 48:, 1] = rgb[:, 16:48, 2] = 255
    path = tmp_path / "wide.png"
    cv2.imwrite(str(path), rgb[..., ::-1])
    return ImageFile(path)


def test_stretch_keeps_everything(wide):
    rgb, valid = wide.square(16, "stretch")
    assert rgb.shape == (16, 16, 3)
    assert rgb[8, [1, 8, 14]].tolist() == [[255, 0, 0], [0, 0, 255], [0, 255, 0]]
    assert valid.min() == 1


def test_crop_keeps_the_middle(wide):
    rgb, valid = wide.square(16, "crop")
    assert (rgb[:, 1:-1] == [0, 0, 255]).all()
    assert (rgb[..., 2] > 220).all()  # a pixel at an edge sees a little of what lies beside
    assert valid.min() == 1


def test_the_same_size_is_the_same_picture(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), rgb[..., ::-1])
    np.testing.assert_array_equal(ImageFile(tmp_path / "noise.png").square(24, "stretch")[0], rgb)


def test_a_file_that_is_gone_or_damaged_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot read"):
        ImageFile(tmp_path / "gone.png").square(16, "stretch")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(DataError, match="not an image"):
        ImageFile(tmp_path / "cut.jpg").square(16, "stretch")
