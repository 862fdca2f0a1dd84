"""Which tile is found by which crop, in which of its moves, and where that puts the frame."""

import numpy as np
import pytest

from edgegeo import geodesy, search
from edgegeo.copies import Look
from edgegeo.gallery import Gallery
from edgegeo.rectify import View
from edgegeo.retrieval import DEPTH, find
from edgegeo.search import Pool

LAT, LON, TILE_M = 47.0, 8.0, 100.0
STILL = np.zeros((1, 3), np.float32)


def unit_rows(seed, *shape):
    rows = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def gallery_of(rows):
    """A tile every 50 m along a line to the east."""
    embeddings, scales = search.quantise_rows(rows)
    count = len(rows)
    lat, lon = geodesy.geo_from_enu(50.0 * np.arange(count), np.zeros(count), LAT, LON)
    return Gallery(
        embeddings=embeddings,
        embedding_scales=scales,
        tokens=np.zeros((count, 1, 1), np.int8),
        token_scales=np.ones(count, np.float32),
        lat_deg=lat,
        lon_deg=lon,
        maps=np.zeros(count, np.int32),
        coverage=np.ones(count, np.float32),
        thumbnails=np.zeros((count, 32, 32, 3), np.uint8),
        tile_m=TILE_M,
    )


def crops(heading_deg=0.0, sides=((-20.0, -10.0), (20.0, 10.0))):
    return [Look(View(heading_deg, 0.1), right, forward) for right, forward in sides]


@pytest.mark.parametrize(
    ("heading_deg", "move", "east_m", "north_m"),
    [
        # the crop is 20 m to the right and 10 m ahead of the frame's centre
        (0.0, (0.0, 0.0, 0.0), -20.0, -10.0),
        (90.0, (0.0, 0.0, 0.0), -10.0, 20.0),
        (76.0, (14.0, 0.0, 0.0), -10.0, 20.0),  # the heading is 14 degrees more than was said
        (0.0, (0.0, 0.2, -0.1), 0.0, -20.0),  # and the crop's centre 20 m east, 10 m south
    ],
)
def test_a_tile_puts_the_frame_where_its_crop_and_move_say(heading_deg, move, east_m, north_m):
    rows = unit_rows(0, 6, 16)
    looks = crops(heading_deg, [(20.0, 10.0)])
    moves = np.array([(0.0, 0.9, 0.9), move], np.float32)
    embeddings = np.stack([-rows[4], rows[4]])[None]  # of the one look; the second move fits
    found = find(gallery_of(rows), looks, embeddings, moves, ranges=None, pool=Pool(1))
    assert (found.tile[0], found.crop[0], found.look[0], found.move[0]) == (4, 3, 0, 1)
    assert found.cosine[0] == pytest.approx(1.0, abs=0.02)
    lat, lon = geodesy.geo_from_enu(
        found.east_m[0], found.north_m[0], found.lat0_deg, found.lon0_deg
    )
    east, north = geodesy.enu_from_geo(lat, lon, LAT, LON)
    assert (float(east), float(north)) == pytest.approx((200 + east_m, north_m), abs=0.01)


def test_of_each_crop_the_best_of_all_its_views_and_moves_counts_once():
    """Two views of two crops with three moves each: twelve queries, every tile once a crop."""
    rows = unit_rows(2, 40, 16)
    looks = [*crops(0.0), *crops(45.0)]
    embeddings = unit_rows(3, 4, 3, 16)
    found = find(
        gallery_of(rows), looks, embeddings, np.zeros((3, 3), np.float32), ranges=None, pool=Pool(2)
    )
    cosine = np.einsum("lmd,nd->lmn", embeddings, rows)
    for crop, own in ((0, [0, 2]), (3, [1, 3])):
        of = found.crop == crop
        assert sorted(found.tile[of].tolist()) == list(range(40))
        np.testing.assert_allclose(
            found.cosine[of], cosine[own].max(axis=(0, 1))[found.tile[of]], atol=0.03
        )
        assert set(found.look[of].tolist()) <= set(own)
        at = cosine[found.look[of], found.move[of], found.tile[of]]
        np.testing.assert_allclose(found.cosine[of], at, atol=0.03)
        assert (np.diff(found.cosine[of]) <= 0).all()


def test_no_crop_has_more_tiles_than_the_depth():
    found = find(
        gallery_of(unit_rows(4, 200, 16)),
        crops(),
        unit_rows(5, 2, 1, 16),
        STILL,
        ranges=None,
        pool=Pool(1),
    )
    assert np.bincount(found.crop).tolist() == [DEPTH, 0, 0, DEPTH]


def test_only_tiles_of_the_ranges_are_found_and_there_may_be_few():
    found = find(
        gallery_of(unit_rows(6, 200, 16)),
        crops(),
        unit_rows(7, 2, 1, 16),
        STILL,
        ranges=np.array([[7, 9], [100, 101]]),
        pool=Pool(2),
    )
    assert sorted(found.tile.tolist()) == [7, 7, 8, 8, 100, 100]
