"""SUES-200: a height and a direction, and a gallery of all 200 places."""

import pytest

from edgegeo.datasets.sues200 import SPLITS, load
from edgegeo.errors import DataError
from tests.datasets import trees


def test_the_gallery_holds_places_nobody_asks_for(tmp_path):
    benchmark = load(trees.sues(tmp_path))
    assert benchmark.split == "150-drone-to-satellite"
    assert [query.right for query in benchmark.queries] == [(1,), (2,)]
    assert len(benchmark.gallery) == 3
    assert benchmark.published == (None, 200)


def test_the_other_direction(tmp_path):
    benchmark = load(trees.sues(tmp_path), "150-satellite-to-drone")
    assert benchmark.queries[0].id == "Testing/150/query_satellite/0008/0.png"
    assert benchmark.gallery[1].id == "Testing/150/gallery_drone/0008/0.jpg"


def test_every_height_both_ways():
    assert len(SPLITS) == 16
    assert SPLITS[0] == "150-drone-to-satellite"
    assert SPLITS[7] == "300-satellite-to-drone"


def test_the_training_split_asks_among_the_training_places(tmp_path):
    benchmark = load(trees.sues(tmp_path), "train-150-drone-to-satellite")
    assert benchmark.queries[0].id == "Training/150/drone/0004/0.jpg"
    assert [image.id for image in benchmark.gallery] == [
        "Training/150/satellite/0004/0.png",
        "Training/150/satellite/0016/0.png",
    ]
    assert [query.right for query in benchmark.queries] == [(0,), (1,)]
    assert benchmark.published == (None, 120)


def test_the_raw_download_is_told_how_to_become_the_split(tmp_path):
    trees.image(tmp_path / "satellite-view/0001/0.png")
    with pytest.raises(DataError, match=r"no Testing/150/query_drone.*split_datasets\.py"):
        load(tmp_path)


def test_a_height_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="no Testing/300/query_drone"):
        load(trees.sues(tmp_path), "300-drone-to-satellite")
