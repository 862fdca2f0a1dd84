"""Mined candidates, by hand, through the file, and through the command."""

import json

import numpy as np
import pytest

pytest.importorskip("safetensors")
pytest.importorskip("cv2")
pytest.importorskip("rasterio")

from dataclasses import replace

from safetensors.numpy import save_file

from edgegeo.datasets import open_benchmark
from edgegeo.datasets.records import Plane
from edgegeo.errors import DataError, RangeError
from edgegeo.geodesy import distance_m
from edgegeo.learn.candidate_file import read_candidates, write_candidates
from edgegeo.learn.mining import mine
from tests.colour_encoders import write_encoder, write_model
from tests.datasets import trees
from training.mine_candidates import main


def unit(*rows):
    rows = np.array(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


GALLERY = unit([1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1])
QUERIES = unit([1, 0.1, 0], [1, 0.9, 0], [1, 0.5, 0.1])  # the third is of image 2: missed


@pytest.fixture
def benchmark(tmp_path):
    """Three queries of images 0, 1, 2 and a fourth image."""
    return open_benchmark(
        "university-1652", trees.university(tmp_path / "set"), "drone-to-satellite"
    ).without([1, 3, 5], [])


def test_the_retrievers_own_and_the_truth_forced_in(benchmark):
    found = mine(benchmark, QUERIES, GALLERY, 2, {"set": "made"})
    assert found.rows.tolist() == [[0, 1], [1, 0], [1, 2]]
    assert found.is_truth.tolist() == [[True, False], [True, False], [False, True]]
    assert found.forced.tolist() == [False, False, True]
    half = 0.5**0.5
    np.testing.assert_allclose(found.similarity, [[1, half], [1, half], [half, 1]], atol=1e-6)
    np.testing.assert_allclose(
        found.scores, np.take_along_axis(QUERIES @ GALLERY.T, found.rows, 1), atol=1e-6
    )
    assert found.overlap is None
    assert found.distance_m is None


def test_a_query_without_ground_truth_is_an_error(benchmark):
    queries = (replace(benchmark.queries[0], right=()), *benchmark.queries[1:])
    with pytest.raises(DataError, match=r"image-00.jpeg has no ground truth in the gallery"):
        mine(replace(benchmark, queries=queries), QUERIES, GALLERY, 2, {})
    with pytest.raises(RangeError, match="candidates of a query must be from 2 to 100, got 1"):
        mine(benchmark, QUERIES, GALLERY, 1, {})


def test_geography_where_the_set_has_it(tmp_path):
    benchmark = open_benchmark("gta-uav", trees.gta(tmp_path / "set"))
    rng = np.random.default_rng(0)
    rows = unit(*rng.standard_normal((3, 4)))
    found = mine(benchmark, rows[:2], rows, 3, {})
    for number, query in enumerate(benchmark.queries):
        for column, row in enumerate(found.rows[number]):
            tile = benchmark.gallery[row]
            assert isinstance(tile.at, Plane)
            apart = np.hypot(tile.at.x_m - query.at.x_m, tile.at.y_m - query.at.y_m)
            assert found.distance_m[number, column] == pytest.approx(apart)
    assert found.overlap[found.is_truth].min() > 0
    # zoom 5: tiles of 345.6 m; the second query's frame lies (86.4, 86.4) m off tile 0's centre
    number, column = 1, found.rows[1].tolist().index(0)
    tile, query = benchmark.gallery[0], benchmark.queries[1]
    side = tile.side_m
    truth = benchmark.gallery[found.rows[1][found.is_truth[1]][0]].side_m
    wide = min((side + truth) / 2 - abs(tile.at.x_m - query.at.x_m), side, truth)
    high = min((side + truth) / 2 - abs(tile.at.y_m - query.at.y_m), side, truth)
    expected = wide * high / (side**2 + truth**2 - wide * high)
    assert found.overlap[number, column] == pytest.approx(expected, rel=1e-5)


def test_places_on_the_earth_are_metres_apart(tmp_path):
    benchmark = open_benchmark("naip", trees.naip(tmp_path / "set"), "alpha")
    rows = unit(*np.random.default_rng(0).standard_normal((6, 4)))
    found = mine(benchmark, rows[:3], rows, 4, {})
    for number, query in enumerate(benchmark.queries):
        places = [benchmark.gallery[row].at for row in found.rows[number]]
        expected = [distance_m(*place, *query.at) for place in places]
        np.testing.assert_allclose(found.distance_m[number], expected, atol=1e-3)
    assert found.overlap.max() > 0.99


def test_the_file_gives_back_what_was_written(benchmark, tmp_path):
    found = mine(benchmark, QUERIES, GALLERY, 2, {"set": "made", "commit": None})
    write_candidates(tmp_path / "c.safetensors", found)
    back = read_candidates(tmp_path / "c.safetensors")
    assert back.query_ids == found.query_ids
    assert back.gallery_ids == found.gallery_ids
    assert back.provenance == {"set": "made", "commit": None}
    for name in ("rows", "scores", "is_truth", "forced", "similarity"):
        np.testing.assert_array_equal(getattr(back, name), getattr(found, name))
    assert back.overlap is None


def test_lists_that_are_empty_or_lack_their_truth_are_refused(benchmark):
    found = mine(benchmark, QUERIES, GALLERY, 2, {})
    with pytest.raises(DataError, match=r"0002/image-00.jpeg has an empty candidate list"):
        replace(found, rows=np.array([[0, 1], [-1, -1], [1, 2]], np.int32))
    with pytest.raises(DataError, match=r"0001/image-00.jpeg has no ground truth among its cand"):
        replace(found, is_truth=np.zeros((3, 2), np.bool_))
    with pytest.raises(DataError, match="a row is not of the 4 images"):
        replace(found, rows=found.rows + 9)
    with pytest.raises(DataError, match=r"scores must be \(3, 2\) float32, got \(3, 1\) float32"):
        replace(found, scores=found.scores[:, :1])
    arrays = ("rows", "scores", "is_truth", "forced", "similarity")
    nothing = {name: getattr(found, name)[:0] for name in arrays}
    with pytest.raises(DataError, match="candidates of no query"):
        replace(found, query_ids=(), **nothing)


def test_files_that_are_no_candidates(tmp_path):
    path = tmp_path / "c.safetensors"
    with pytest.raises(DataError, match=r"cannot read .* as candidates"):
        read_candidates(path)
    path.write_bytes(b"cut")
    with pytest.raises(DataError, match=r"cannot read .* as candidates"):
        read_candidates(path)
    save_file({"weight": np.zeros(3)}, path)
    with pytest.raises(DataError, match=r"cannot read .* as candidates"):
        read_candidates(path)
    header = json.dumps({"format": 9, "query_ids": [], "gallery_ids": [], "provenance": {}})
    save_file({"rows": np.zeros((1, 1), np.int32)}, path, {"edgegeo": header})
    with pytest.raises(DataError, match="is of format 9, expected 1"):
        read_candidates(path)


@pytest.mark.parametrize(
    ("name", "make", "split"),
    [
        ("university-1652", trees.university, "train-drone-to-satellite"),
        ("university-1652", trees.university, "train-satellite-to-drone"),
        ("sues-200", trees.sues, "train-150-drone-to-satellite"),
        ("denseuav", trees.denseuav, None),
        ("gta-uav", trees.gta, None),
        ("uav-visloc", trees.visloc, "all"),
        ("naip", trees.naip, "alpha"),
        ("truth", trees.flight, None),
    ],
)
def test_the_command_on_every_set(tmp_path, capsys, name, make, split):
    make(tmp_path / "set")
    encoder = write_encoder(tmp_path / "other.onnx", px=None)
    out = tmp_path / "c.safetensors"
    words = [name, tmp_path / "set", "--onnx", encoder, "--px", 16, "--top", 2, "--out", out]
    words += ["--split", split] if split else []
    assert main([*map(str, words)]) == 0, capsys.readouterr().err
    found = read_candidates(out)
    assert found.is_truth.any(1).all()
    assert found.provenance["set"] == name
    assert found.provenance["encoder"] == "other.onnx"
    assert f"{len(found.query_ids)} queries of 2 candidates" in capsys.readouterr().out


def test_the_command_with_our_encoder_and_with_written_embeddings(tmp_path):
    root, out = trees.university(tmp_path / "set"), tmp_path / "c.safetensors"
    words = ["university-1652", root, "--split", "train-drone-to-satellite", "--top", 3]
    words += ["--out", out]
    assert main([*map(str, [*words, "--model", write_model(tmp_path / "m")])]) == 0
    ours = read_candidates(out)
    benchmark = open_benchmark("university-1652", root, "train-drone-to-satellite")
    for side, images in (("q", benchmark.queries), ("g", benchmark.gallery)):
        rng = np.random.default_rng(1)
        np.save(tmp_path / f"{side}.npy", rng.standard_normal((len(images), 5)))
        (tmp_path / f"{side}.txt").write_text("".join(f"{image.id}\n" for image in images))
    files = [tmp_path / name for name in ("q.npy", "g.npy", "q.txt", "g.txt")]
    theirs = [*words, "--embeddings", *files[:2], "--ids", *files[2:]]
    assert main([*map(str, theirs)]) == 0
    assert read_candidates(out).query_ids == ours.query_ids


def test_bad_images_are_an_error_or_counted(tmp_path, capsys):
    root, out = trees.university(tmp_path / "set"), tmp_path / "c.safetensors"
    (root / "train/satellite/0006/0006.jpg").write_bytes(b"cut")
    words = ["university-1652", root, "--split", "train-drone-to-satellite", "--top", 2]
    words += ["--out", out, "--onnx", write_encoder(tmp_path / "e.onnx")]
    assert main([*map(str, words)]) == 2
    assert "0006.jpg is not an image" in capsys.readouterr().err
    assert not out.exists()
    assert main([*map(str, [*words, "--bad-images", "skip"])]) == 0
    printed = capsys.readouterr().out
    assert "note: 1 skipped_gallery" in printed
    assert "note: 2 skipped_with_their_truth, the first is train/drone/0006" in printed
    assert len(read_candidates(out).query_ids) == 4
