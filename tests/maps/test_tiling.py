"""Tiles cover a raster from edge to edge; the curve keeps neighbours together."""

import numpy as np
import pytest

from edgegeo.errors import RangeError
from edgegeo.geodesy import distance_m, enu_from_geo, geo_from_enu
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.maps.tiling import hilbert_order, tile_centres

LAT0, LON0 = 52.0, 5.0


def raster_of(width_m, height_m, valid=None):
    rgb = np.full((height_m, width_m, 3), 100, np.uint8)
    return ArrayRaster(rgb, valid, LAT0, LON0, 1.0)


def metres(centres):
    lat, lon = np.array(list(centres)).T
    return np.stack(enu_from_geo(lat, lon, LAT0, LON0), axis=1)


def test_first_and_last_tile_touch_the_edges():
    centres = metres(tile_centres(raster_of(300, 160), 100, 0.5))
    east, north = np.unique(centres[:, 0].round(2)), np.unique(centres[:, 1].round(2))
    np.testing.assert_allclose(east, [-100, -50, 0, 50, 100], atol=0.05)
    np.testing.assert_allclose(north, [-30, 0, 30], atol=0.05)
    assert len(centres) == 15
    assert centres[0].round().tolist() == [-100, 30]  # the north-west one first


def test_the_stride_is_never_longer_than_asked():
    centres = metres(tile_centres(raster_of(210, 100), 100, 0.0))
    np.testing.assert_allclose(centres[:, 0], [-55, 0, 55], atol=0.05)


def test_a_raster_smaller_than_a_tile_gives_one_centre():
    centres = metres(tile_centres(raster_of(50, 30), 100, 0.5))
    np.testing.assert_allclose(centres, [[0, 0]], atol=0.01)


def test_tiles_without_enough_data_are_left_out():
    valid = np.zeros((100, 300), bool)
    valid[:, :150] = True
    raster = raster_of(300, 100, valid)
    east = metres(tile_centres(raster, 100, 0.5))[:, 0]
    np.testing.assert_allclose(east, [-100, -50], atol=0.05)
    assert len(list(tile_centres(raster, 100, 0.5, min_coverage=0.0))) == 5
    assert len(list(tile_centres(raster, 100, 0.5, min_coverage=0.45))) == 3


@pytest.mark.parametrize(("tile_m", "overlap"), [(0, 0.5), (np.nan, 0.5), (100, 1.0), (100, -0.1)])
def test_senseless_tiles_are_refused(tile_m, overlap):
    with pytest.raises(RangeError):
        list(tile_centres(raster_of(10, 10), tile_m, overlap))


def test_the_curve_of_a_four_by_four_square():
    """The Hilbert curve of order 2, drawn by hand: one step at a time, no cell twice."""
    col, row = np.meshgrid(np.arange(4), np.arange(4))
    lat, lon = geo_from_enu(col.ravel() * 10.001 + 1, row.ravel() * 10.001 + 1, LAT0, LON0)
    path = hilbert_order(lat, lon)
    cells = np.stack([col.ravel()[path], row.ravel()[path]], axis=1)
    hand = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2), (0, 3), (1, 3), (1, 2)]
    hand += [(2, 2), (2, 3), (3, 3), (3, 2), (3, 1), (2, 1), (2, 0), (3, 0)]
    assert [tuple(c) for c in cells.tolist()] == hand


def test_neighbours_on_the_curve_are_neighbours_on_the_ground():
    col, row = np.meshgrid(np.arange(64), np.arange(64))
    lat, lon = geo_from_enu(col.ravel() * 10.001, row.ravel() * 10.001, LAT0, LON0)
    path = hilbert_order(lat, lon)
    assert path.dtype == np.int64
    assert np.array_equal(np.sort(path), np.arange(64 * 64))
    steps = distance_m(lat[path][1:], lon[path][1:], lat[path][:-1], lon[path][:-1])
    assert steps.max() < 10.1
    rng = np.random.default_rng(0)
    runs = []
    for east, north in rng.uniform(100, 540, (20, 2)):
        inside = np.hypot(col.ravel() * 10 - east, row.ravel() * 10 - north) < 80
        runs.append((np.diff(inside[path].astype(int)) == 1).sum())
    assert np.mean(runs) < 15  # of some 200 cells


def test_points_of_one_cell_keep_their_order_and_none_are_fine():
    assert hilbert_order(np.full(5, LAT0), np.full(5, LON0)).tolist() == [0, 1, 2, 3, 4]
    assert hilbert_order(np.zeros(0), np.zeros(0)).tolist() == []


def test_far_cities_and_the_antimeridian_do_not_overflow():
    lat = np.array([-17.0, -17.0, 60.0, 60.0])
    lon = np.array([179.9999, -179.9999, -179.9999, 179.9999])
    order = hilbert_order(lat, lon).tolist()
    assert {*order[:2]} in ({0, 1}, {2, 3})
