"""Places by year: the oldest is the map, the newest the question."""

import pytest

from edgegeo.datasets.naip import load
from edgegeo.errors import DataError
from tests import geotiffs
from tests.datasets import trees


def test_one_city(tmp_path):
    benchmark = load(trees.naip(tmp_path) / "alpha")
    assert benchmark.queries[0].id == "alpha/000_2020.tif"
    assert benchmark.gallery[0].id == "alpha/000_2016.tif"
    assert [query.right for query in benchmark.queries] == [(0,), (1,), (2,)]


def test_places_of_one_year_are_only_in_the_gallery(tmp_path):
    benchmark = load(trees.naip(tmp_path))
    assert (len(benchmark.queries), len(benchmark.gallery)) == (3, 6)
    assert load(tmp_path, "alpha").split == "alpha"
    with pytest.raises(DataError, match="no query is left"):
        load(tmp_path, "beta")
    with pytest.raises(DataError, match="has no split 'gamma'; it has all, alpha, beta"):
        load(tmp_path, "gamma")


def test_positions_are_those_of_the_middle(tmp_path):
    benchmark = load(trees.naip(tmp_path) / "alpha")
    assert benchmark.gallery[0].at == pytest.approx((geotiffs.LAT0, geotiffs.LON0), abs=1e-6)
    assert benchmark.gallery[0].side_m == pytest.approx(32 * 0.6, rel=1e-3)


def test_another_folder_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"holds no <id>_<year>\.tif"):
        load(tmp_path)


def test_riverside_as_it_is(data_dir):
    benchmark = load(data_dir / "naip", "riverside")
    assert (len(benchmark.queries), len(benchmark.gallery)) == (90, 413)
    off = [benchmark.gallery[query.right[0]].at for query in benchmark.queries]
    for query, at in zip(benchmark.queries, off, strict=True):
        assert query.at == pytest.approx(at, abs=2e-5)


def test_the_training_cities_as_they_are(data_dir):
    benchmark = load(data_dir / "naip", "train")
    assert (len(benchmark.queries), len(benchmark.gallery)) == (200, 231)
    cities = {image.id.partition("/")[0] for image in (*benchmark.queries, *benchmark.gallery)}
    assert cities == {"bishop", "eureka", "long_beach", "palm_springs"}


def test_training_needs_all_its_cities(tmp_path):
    trees.naip(tmp_path)
    with pytest.raises(DataError, match="no split 'train'; it has all, alpha, beta"):
        load(tmp_path, "train")
