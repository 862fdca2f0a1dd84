"""Rows in Hilbert order: a prior circle is few ranges, and costs what lies in it, not the map.

A curve enters a region about once for every four cells of its outline (Moon et al., Analysis of
the clustering properties of the Hilbert space-filling curve, 2001): for a circle of radius r over
tiles d apart that is 2 r / d ranges, whatever the map. Maps that overlap bring a lattice each.
"""

import numpy as np
import pytest

from edgegeo import geodesy
from edgegeo.gallery import BLOCK_ROWS, Gallery
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.maps.tiling import hilbert_order, tile_centres
from edgegeo.types import Prior
from tests.test_gallery import gallery_at

LAT, LON, PIXEL_M = 58.0, 25.0, 50.0
TILE_M, OVERLAP, APART_M = 96.0, 0.5, 48.0


def raster(width_m, height_m, east_m=0.0, north_m=0.0, lat_deg=LAT):
    lat, lon = geodesy.geo_from_enu(east_m, north_m, lat_deg, LON)
    shape = (round(height_m / PIXEL_M), round(width_m / PIXEL_M), 3)
    return ArrayRaster(np.zeros(shape, np.uint8), None, float(lat), float(lon), PIXEL_M)


def gallery_of(*rasters) -> Gallery:
    """The tiles of maps in the order that a build stores them."""
    centres = [c for each in rasters for c in tile_centres(each, TILE_M, OVERLAP, 0.0)]
    lat, lon = np.array(centres).T
    order = hilbert_order(lat, lon)
    return gallery_at(lat[order], lon[order])


def circles(gallery, rng, count):
    """Priors around random tiles, from one that holds a few tiles to a kilometre."""
    for row in rng.integers(0, len(gallery), count):
        radius_m = float(np.exp(rng.uniform(np.log(100), np.log(1000))))
        yield Prior(float(gallery.lat_deg[row]), float(gallery.lon_deg[row]), radius_m)


SHAPES = {
    "square": [raster(6_000, 6_000)],
    "strip": [raster(20_000, 1_000)],
    "column at 70 degrees": [raster(700, 15_000, lat_deg=70.0)],
    "three maps, apart": [
        raster(3_000, 2_000),
        raster(2_000, 3_000, 9_000, 1_000),
        raster(1_500, 1_500, -40_000, 30_000),
    ],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_circle_is_two_ranges_for_each_radius_of_tiles(shape):
    gallery = gallery_of(*SHAPES[shape])
    counts, expected = [], []
    for prior in circles(gallery, np.random.default_rng(1), 150):
        ranges = gallery.rows_within(prior)
        across = 2 * prior.radius_m / APART_M
        assert len(ranges) <= 1.5 * across + 6
        counts.append(len(ranges))
        expected.append(across)
    assert np.mean(counts) <= 1.15 * np.mean(expected)


def test_maps_that_overlap_have_a_lattice_each():
    gallery = gallery_of(raster(4_000, 4_000), raster(3_000, 3_000, 510, 270))
    for prior in circles(gallery, np.random.default_rng(2), 150):
        assert len(gallery.rows_within(prior)) <= 2 * (1.5 * 2 * prior.radius_m / APART_M + 6)


def test_another_order_would_not_do():
    """Row by row, as tiles are cut, a circle is as many ranges as it has rows, and its blocks
    reach across the map."""
    rows = np.array(list(tile_centres(raster(8_000, 8_000), TILE_M, OVERLAP, 0.0)))
    by_row, ordered = gallery_at(*rows.T), gallery_of(raster(8_000, 8_000))
    prior = Prior(LAT, LON, 500.0)
    assert looked_at(by_row, prior) > 2 * looked_at(ordered, prior)


def looked_at(gallery, prior) -> int:
    """Rows whose distance is computed: those of the blocks whose bounding box is near."""
    return BLOCK_ROWS * int(gallery._blocks_near(prior, prior.radius_m).sum())


@pytest.mark.parametrize("radius_m", [100.0, 300.0, 800.0])
def test_the_cost_follows_the_circle_not_the_map(radius_m):
    """What a search scans is what lies in the circle; what finding that looks at is that and a
    margin, on a map of 4 km2 as on one of 64 km2."""
    scanned, looked = [], []
    for side_m in (2_000, 4_000, 8_000):
        gallery = gallery_of(raster(side_m, side_m))
        prior = Prior(LAT, LON, radius_m)
        ranges = gallery.rows_within(prior)
        scanned.append(int(np.diff(ranges).sum()))
        looked.append(looked_at(gallery, prior))
        inside = np.pi * (radius_m / APART_M) ** 2
        assert scanned[-1] == pytest.approx(inside, rel=0.15, abs=4)
        # a block of 256 tiles is at most 32 tiles wide
        assert looked[-1] <= np.pi * (radius_m / APART_M + 32) ** 2
    assert max(scanned) - min(scanned) <= 0.1 * max(scanned) + 4
