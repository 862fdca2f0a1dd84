"""PNG files of ours, decoded by hand and by OpenCV."""

import base64
import zlib

import numpy as np
import pytest

from edgegeo import png
from edgegeo.errors import ShapeError


def test_two_grey_pixels_by_hand():
    file = png.encode(np.array([[7], [9]], np.uint8))
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    assert file[16:24] == b"\0\0\0\1\0\0\0\2"
    start = file.index(b"IDAT") + 4
    assert zlib.decompressobj().decompress(file[start:]) == b"\x02\x07\x02\x02"


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4), (1, 1, 3), (64, 33, 3)])
def test_opencv_reads_back_what_was_written(shape):
    cv2 = pytest.importorskip("cv2")
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)

    read = cv2.imdecode(np.frombuffer(png.encode(picture), np.uint8), cv2.IMREAD_UNCHANGED)

    if len(shape) == 3:
        read = read[..., [2, 1, 0, 3][: shape[2]]]
    np.testing.assert_array_equal(read, picture)


def test_a_data_uri_holds_the_file():
    picture = np.zeros((2, 2, 3), np.uint8)
    head, _, body = png.data_uri(picture).partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body) == png.encode(picture)


@pytest.mark.parametrize("shape", [(4,), (2, 2, 2), (0, 3, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError):
        png.encode(np.zeros(shape, np.uint8))


def test_floats_are_refused():
    with pytest.raises(ShapeError):
        png.encode(np.zeros((2, 2, 3)))
