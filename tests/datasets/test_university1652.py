"""University-1652: labels are folder names, and the gallery holds more places than are asked."""

import pytest

from edgegeo.datasets import Convention, open_benchmark
from edgegeo.datasets.university1652 import load
from edgegeo.errors import DataError
from tests.datasets import trees


def test_drone_to_satellite(tmp_path):
    benchmark = load(trees.university(tmp_path))
    assert benchmark.split == "drone-to-satellite"
    assert benchmark.convention is Convention.UNIVERSITY
    assert [query.id for query in benchmark.queries[:2]] == [
        "test/query_drone/0001/image-00.jpeg",
        "test/query_drone/0001/image-01.jpeg",
    ]
    assert [query.right for query in benchmark.queries] == [(0,), (0,), (1,), (1,), (2,), (2,)]
    assert [query.block for query in benchmark.queries[::2]] == ["0001", "0002", "0003"]
    assert [image.id for image in benchmark.gallery][-1] == "test/gallery_satellite/0004/0004.jpg"
    assert benchmark.published == (37_855, 951)


def test_satellite_to_drone_has_several_right_images(tmp_path):
    benchmark = load(trees.university(tmp_path), "satellite-to-drone")
    assert [query.right for query in benchmark.queries] == [(0, 1), (2, 3), (4, 5)]
    assert len(benchmark.gallery) == 8


def test_the_training_split_is_of_other_buildings(tmp_path):
    trees.university(tmp_path)
    benchmark = load(tmp_path, "train-drone-to-satellite")
    assert benchmark.queries[0].id == "train/drone/0005/image-00.jpeg"
    assert [query.right for query in benchmark.queries] == [(0,), (0,), (1,), (1,), (2,), (2,)]
    assert benchmark.gallery[0].id == "train/satellite/0005/0005.jpg"
    back = load(tmp_path, "train-satellite-to-drone")
    assert [query.right for query in back.queries] == [(0, 1), (2, 3), (4, 5)]
    (tmp_path / "train").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="it has no train/drone, train/satellite"):
        load(tmp_path, "train-drone-to-satellite")


def test_a_query_whose_building_the_gallery_lacks_is_left_out(tmp_path):
    trees.university(tmp_path)
    trees.image(tmp_path / "test/query_drone/0009/image-00.jpeg")
    benchmark = load(tmp_path)
    assert (len(benchmark.queries), benchmark.left_out) == (6, 1)


def test_only_images_count(tmp_path):
    trees.university(tmp_path)
    (tmp_path / "test/query_drone/0001/.image-00.jpeg").write_text("left by a copying system")
    (tmp_path / "test/query_drone/0001/Thumbs.db").write_text("")
    (tmp_path / "test/query_drone/readme.txt").write_text("")
    assert len(load(tmp_path).queries) == 6


def test_a_folder_of_another_kind_is_told_what_is_missing_and_where_to_get_it(tmp_path):
    with pytest.raises(DataError) as error:
        load(tmp_path)
    text = str(error.value)
    assert "it has no test/query_drone, test/gallery_satellite" in text
    assert "github.com/layumi/University1652-Baseline" in text
    assert "research only" in text


def test_empty_folders_are_an_error(tmp_path):
    (tmp_path / "test/query_drone").mkdir(parents=True)
    (tmp_path / "test/gallery_satellite/0001").mkdir(parents=True)
    with pytest.raises(DataError, match=r"gallery_satellite holds no image: expected <label>/"):
        load(tmp_path)


def test_an_unknown_split_or_set_gets_the_list(tmp_path):
    with pytest.raises(DataError, match="it has drone-to-satellite, satellite-to-drone"):
        load(trees.university(tmp_path), "street-to-satellite")
    with pytest.raises(DataError, match="known: university-1652, sues-200"):
        open_benchmark("cvusa", tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        open_benchmark("university-1652", tmp_path / "nowhere")
