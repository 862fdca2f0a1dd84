"""A map in parts reads like the whole map."""

import numpy as np
import pytest

from edgegeo.datasets.mosaic import MosaicTile, open_mosaic
from edgegeo.errors import DataError
from tests import geotiffs

PIXELS = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)


def grid(tmp_path, rows=(25, 60), columns=(30, 80)):
    paths, top = [], 0
    for bottom in rows:
        left, line = 0, []
        for right in columns:
            path = tmp_path / f"{bottom}-{right}.tif"
            geotiffs.write(
                path, PIXELS[top:bottom, left:right], affine=geotiffs.placed("EPSG:32632", 1)
            )
            line.append(path)
            left = right
        paths.append(line)
        top = bottom
    return paths


def test_four_parts_of_different_sizes_are_one_picture(tmp_path):
    mosaic = open_mosaic(grid(tmp_path))
    assert (mosaic.width, mosaic.height) == (80, 60)
    np.testing.assert_array_equal(mosaic.read(0, 0, 80, 60), PIXELS)
    np.testing.assert_array_equal(mosaic.read(28, 20, 33, 40), PIXELS[20:40, 28:33])
    np.testing.assert_array_equal(mosaic.read(70, 50, 80, 60), PIXELS[50:, 70:])


def test_a_tile_over_the_seam(tmp_path):
    tile = MosaicTile(open_mosaic(grid(tmp_path)), 20, 10, 32, 32)
    rgb, valid = tile.square(32, "stretch")
    np.testing.assert_array_equal(rgb, PIXELS[10:42, 20:52])
    assert valid.min() == 1


def test_what_lies_beyond_the_map_has_no_data(tmp_path):
    rgb, valid = MosaicTile(open_mosaic(grid(tmp_path)), 64, 44, 32, 32).square(32, "stretch")
    np.testing.assert_array_equal(rgb[:16, :16], PIXELS[44:, 64:])
    assert valid[:16, :16].min() == 1
    assert valid[16:].max() == valid[:, 16:].max() == 0
    assert rgb[16:].max() == 0
    assert MosaicTile(open_mosaic(grid(tmp_path)), 200, 0, 32, 32).square(8, "crop")[1].max() == 0


def test_parts_that_are_no_grid_are_an_error(tmp_path):
    paths = grid(tmp_path)
    with pytest.raises(DataError, match="are no grid"):
        open_mosaic([paths[0], paths[1][::-1]])
    with pytest.raises(DataError, match="are no grid"):
        open_mosaic([paths[0], paths[1][:1]])


def test_a_part_must_be_in_colour(tmp_path):
    grey = geotiffs.write(tmp_path / "grey.tif", PIXELS[..., 0])
    with pytest.raises(DataError, match="expected 3 bands of uint8, got 1 of uint8"):
        open_mosaic([[grey]])
    deep = geotiffs.write(tmp_path / "deep.tif", PIXELS.astype(np.uint16))
    with pytest.raises(DataError, match="got 3 of uint16"):
        open_mosaic([[deep]])
