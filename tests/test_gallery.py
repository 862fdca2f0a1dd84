"""Which rows lie in a circle, and what a gallery on disk must look like."""

import numpy as np
import pytest

from edgegeo import geodesy, pairs
from edgegeo.board.memory import resident
from edgegeo.errors import EngineError, RangeError
from edgegeo.gallery import FILES, TILE_DTYPE, Gallery, open_gallery, ranges_from_rows
from edgegeo.search import Pool, top_k_of_groups
from edgegeo.types import Prior


def gallery_at(lat_deg, lon_deg) -> Gallery:
    lat_deg, lon_deg = np.broadcast_arrays(np.float64(lat_deg), np.float64(lon_deg))
    n = len(lat_deg)
    return Gallery(
        embeddings=np.zeros((n, 2), np.int8),
        embedding_scales=np.ones(n, np.float32),
        tokens=np.zeros((n, 4, 2), np.int8),
        token_scales=np.ones(n, np.float32),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        maps=np.zeros(n, np.int32),
        coverage=np.ones(n, np.float32),
        thumbnails=np.zeros((n, 32, 32, 3), np.uint8),
        tile_m=40.0,
    )


def rows_of(ranges) -> list[int]:
    return [row for start, stop in ranges for row in range(start, stop)]


def test_a_row_of_tiles_100_m_apart_gives_one_range():
    lat, lon = geodesy.geo_from_enu(100.0 * np.arange(10), 0.0, 59.4, 24.7)
    gallery = gallery_at(lat, lon)
    prior = Prior(59.4, float(lon[4]), 150.0)
    assert gallery.rows_within(prior).tolist() == [[3, 6]]
    assert gallery.rows_within(prior, margin_m=60.0).tolist() == [[2, 7]]
    assert gallery.rows_within(prior).dtype == np.int64


def test_rows_that_are_not_neighbours_give_several_ranges():
    lat, lon = geodesy.geo_from_enu([0, 500, 10, 20, 900, 30], 0.0, 59.4, 24.7)
    ranges = gallery_at(lat, lon).rows_within(Prior(59.4, 24.7, 100.0))
    assert ranges.tolist() == [[0, 1], [2, 4], [5, 6]]


@pytest.mark.parametrize("at", [(59.4, 24.7), (-0.001, 179.999), (0.0, -180.0), (-80.0, 10.0)])
@pytest.mark.parametrize("radius_m", [1.0, 300.0, 5_000.0, 1e8])
def test_blocks_skip_nothing(at, radius_m):
    rng = np.random.default_rng(1)
    lat, lon = geodesy.geo_from_enu(*rng.uniform(-6_000, 6_000, (2, 1_500)), *at)
    order = np.argsort(lat)
    gallery = gallery_at(lat[order], lon[order])
    ranges = gallery.rows_within(Prior(*at, radius_m), margin_m=20.0)
    near = geodesy.distance_m(gallery.lat_deg, gallery.lon_deg, *at) <= radius_m + 20.0
    assert rows_of(ranges) == np.flatnonzero(near).tolist()


def test_a_prior_off_the_map_gives_no_range():
    ranges = gallery_at([59.4], [24.7]).rows_within(Prior(10.0, 24.7, 100.0))
    assert ranges.shape == (0, 2)


@pytest.mark.parametrize("margin_m", [-1.0, float("nan")])
def test_a_margin_below_zero_is_refused(margin_m):
    with pytest.raises(RangeError, match="margin_m"):
        gallery_at([59.4], [24.7]).rows_within(Prior(59.4, 24.7, 1.0), margin_m)


def test_no_row_gives_no_range():
    assert ranges_from_rows(np.empty(0, np.int64)).shape == (0, 2)


@pytest.fixture
def folder(tmp_path):
    tiles = np.array([(59.4, 24.7, 0, 1.0), (59.5, 24.8, 1, 0.75)], TILE_DTYPE)
    shapes = {
        "embeddings": (2, 3),
        "embedding_scales": (2,),
        "tokens": (2, 4, 5),
        "token_scales": (2,),
        "thumbnails": (2, 32, 32, 3),
    }
    for name, shape in shapes.items():
        np.save(tmp_path / f"{name}.npy", np.zeros(shape, FILES[name][0]))
    np.save(tmp_path / "tiles.npy", tiles)
    return tmp_path


def test_an_opened_gallery_is_mapped_and_read_only(folder):
    gallery = open_gallery(folder, tiles=2, tokens=4, tile_m=40.0)
    assert len(gallery) == 2
    assert type(gallery.tokens) is np.ndarray
    assert isinstance(gallery.tokens.base, np.memmap)
    assert not gallery.tokens.flags.writeable
    assert gallery.lon_deg.tolist() == [24.7, 24.8]
    assert gallery.maps.tolist() == [0, 1]
    assert gallery.coverage.tolist() == [1.0, 0.75]


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("embeddings", np.zeros((2, 3), np.float32)),
        ("embeddings", np.zeros((3, 3), np.int8)),
        ("embeddings", np.zeros(2, np.int8)),
        ("embedding_scales", np.zeros(2, np.float64)),
        ("tokens", np.zeros((2, 9, 5), np.int8)),
        ("tokens", np.asfortranarray(np.zeros((2, 4, 5), np.int8))),
        ("thumbnails", np.zeros((2, 16, 16, 3), np.uint8)),
        ("tiles", np.array([(91.0, 0, 0, 1)] * 2, TILE_DTYPE)),
        ("tiles", np.array([(np.nan, 0, 0, 1)] * 2, TILE_DTYPE)),
        ("tiles", np.zeros((2, 3))),
    ],
)
def test_another_array_in_its_place_is_refused(folder, name, array):
    np.save(folder / f"{name}.npy", array)
    with pytest.raises(EngineError, match=name):
        open_gallery(folder, tiles=2, tokens=4, tile_m=40.0)


def test_searching_and_gathering_copy_nothing_of_it(tmp_path):
    """64 MB of embeddings and 1 GB of tokens, in files that are all holes."""
    n = 250_000
    shapes = {"embeddings": (n, 256), "tokens": (n, 64, 64), "thumbnails": (n, 32, 32, 3)}
    for name, (dtype, _) in FILES.items():
        shape = shapes.get(name, (n,))
        np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", dtype, shape)
    gallery = open_gallery(tmp_path, tiles=n, tokens=64, tile_m=40.0)
    queries, ids = np.ones((27, 256), np.float32), np.arange(0, n, n // 48, np.int32)
    pool = Pool(2)
    before = resident()
    found = top_k_of_groups(
        queries,
        np.array([27]),
        gallery.embeddings,
        64,
        scales=gallery.embedding_scales,
        pool=pool,
    )
    batch = pairs.gather(gallery.tokens, gallery.token_scales, ids)
    after = resident()
    assert (found.ids >= 0).all()
    assert batch.shape == (len(ids), 64, 64)
    assert after.file_mb - before.file_mb > 60  # all embeddings were read
    assert after.anonymous_mb - before.anonymous_mb < 10
