"""What a benchmark must hold together, whatever set it comes from."""

from dataclasses import replace

import pytest

from edgegeo.datasets import GalleryImage, Query
from edgegeo.datasets.university1652 import load
from edgegeo.errors import DataError
from tests.datasets import trees


@pytest.fixture
def benchmark(tmp_path):
    return load(trees.university(tmp_path))


def test_without_renumbers_what_is_right(benchmark):
    less = benchmark.without(queries=[0, 1], gallery=[1])
    assert less.queries[0].id == "test/query_drone/0002/image-00.jpeg"
    assert [query.right for query in less.queries] == [(), (), (1,), (1,)]
    assert [image.id[-8:] for image in less.gallery] == ["0001.jpg", "0003.jpg", "0004.jpg"]


def test_nothing_to_judge_is_an_error(benchmark):
    with pytest.raises(DataError, match="no query is left to judge"):
        replace(benchmark, queries=())
    with pytest.raises(DataError, match="no gallery image is left"):
        benchmark.without([], range(4))


def test_an_id_names_one_image(benchmark):
    with pytest.raises(DataError, match=r"two query entries are named test/query_drone/0001/"):
        replace(benchmark, queries=benchmark.queries[:1] * 2)


def test_a_region_is_one_run_of_rows(benchmark):
    picture = benchmark.gallery[0].picture
    tiles = [GalleryImage(id=f"{i}", picture=picture, region=r) for i, r in enumerate("aab")]
    query = Query(id="q", picture=picture, right=(2,), block="", region="b")
    regions = replace(benchmark, queries=(query,), gallery=tuple(tiles))
    assert [regions.rows_of(name) for name in ("a", "b", "c", None)] == [
        (0, 2),
        (2, 3),
        (0, 0),
        (0, 3),
    ]
    mixed = (tiles[0], tiles[2], tiles[1])
    with pytest.raises(DataError, match="one region must be together"):
        replace(regions, gallery=mixed)
