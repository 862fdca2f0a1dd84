"""Embeddings and lists of candidates that another program wrote."""

import json

import numpy as np
import pytest

from edgegeo.datasets.university1652 import load
from edgegeo.errors import DataError
from edgegeo.evaluation.candidate_lists import read_lists, write_candidates
from edgegeo.evaluation.ranking import rank
from edgegeo.evaluation.written_embeddings import read_embeddings
from tests.datasets import trees

WANTED = ["test/a/1.jpg", "test/b/1.jpg"]


def write(tmp_path, rows, ids):
    np.save(tmp_path / "rows.npy", rows)
    (tmp_path / "ids.txt").write_text("".join(f"{id_}\n" for id_ in ids))
    return tmp_path / "rows.npy", tmp_path / "ids.txt", WANTED


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_come_back_in_the_benchmarks_order_and_of_length_one(tmp_path, dtype):
    found = read_embeddings(*write(tmp_path, np.array([[0, 2], [3, 4]], dtype), WANTED[::-1]))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 1]], atol=1e-3)


def test_another_machines_paths_are_known_by_their_ends(tmp_path):
    ids = ["/home/x/data/test/a/1.jpg", r"D:\data\test\b\1.jpg"]
    assert len(read_embeddings(*write(tmp_path, np.eye(2), ids))) == 2


@pytest.mark.parametrize(
    ("rows", "ids", "says"),
    [
        (np.eye(2), WANTED[:1], "has 2 rows, .* 1 ids"),
        (np.eye(1, 2), WANTED[:1], "lacks 1 ids, the first is test/b/1.jpg"),
        (np.eye(2), [WANTED[0]] * 2, "test/a/1.jpg is there twice"),
        (np.eye(2), [WANTED[0], "b/1.jpg"], "line 2: 'b/1.jpg' is not of this set"),
        (np.array([[1, 0], [np.nan, 0]]), WANTED, "1 rows are not finite.*test/b/1.jpg"),
        (np.array([[np.inf, 0], [0, 1]]), WANTED, "1 rows are not finite.*test/a/1.jpg"),
        (np.array([[0.0, 0], [0, 1]]), WANTED, "all zeros, the first is that of test/a/1.jpg"),
        (np.eye(2, dtype=np.int64), WANTED, r"got \(2, 2\) int64"),
        (np.ones(2), WANTED, r"got \(2,\) float64"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, rows, ids, says):
    with pytest.raises(DataError, match=says):
        read_embeddings(*write(tmp_path, rows, ids))


def test_files_of_another_kind_are_refused(tmp_path):
    path, ids, wanted = write(tmp_path, np.array([{"a": 1}], object), WANTED)
    with pytest.raises(DataError, match="cannot read"):
        read_embeddings(path, ids, wanted)
    np.savez(tmp_path / "many.npz", a=np.eye(2))
    with pytest.raises(DataError, match="an archive"):
        read_embeddings(tmp_path / "many.npz", ids, wanted)
    for name in ("nowhere.npy", "ids.txt"):
        with pytest.raises(DataError, match="cannot read"):
            read_embeddings(tmp_path / name, ids, wanted)


@pytest.fixture
def judged(tmp_path):
    benchmark = load(trees.university(tmp_path))
    gallery = np.eye(4, dtype=np.float32)
    queries = np.repeat(gallery[:3], 2, axis=0)
    return benchmark, rank(benchmark, queries, gallery)


def test_candidates_go_out_and_come_back(judged, tmp_path):
    benchmark, ranking = judged
    path = tmp_path / "top.jsonl"
    write_candidates(path, benchmark, ranking, 2)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[2] == {
        "query": "test/query_drone/0002/image-00.jpeg",
        "gallery": [f"test/gallery_satellite/{label}/{label}.jpg" for label in ("0002", "0001")],
    }
    assert read_lists(path, benchmark) == {
        i: row for i, row in enumerate(ranking.nearest[:, :2].tolist())
    }


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"query": "who", "gallery": []}', "line 1: 'who' is not of this benchmark"),
        ('{"query": "test/query_drone/0001/image-00.jpeg", "gallery": ["x"]}', "'x' is not of"),
        ('{"query": "test/query_drone/0001/image-00.jpeg"}', "'gallery' is not of"),
        ("[1]", "line 1: expected"),
        ("{", "line 1: expected"),
        ("", "line 1: expected"),
    ],
)
def test_a_list_that_does_not_fit_is_named(judged, tmp_path, line, says):
    (tmp_path / "lists.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match=says):
        read_lists(tmp_path / "lists.jsonl", judged[0])


def test_a_query_is_listed_once(judged, tmp_path):
    line = json.dumps({"query": "test/query_drone/0001/image-00.jpeg", "gallery": []}) + "\n"
    (tmp_path / "lists.jsonl").write_text(line * 2)
    with pytest.raises(DataError, match=r"line 2: the query .* is there twice"):
        read_lists(tmp_path / "lists.jsonl", judged[0])
    with pytest.raises(DataError, match="cannot read"):
        read_lists(tmp_path / "nowhere.jsonl", judged[0])
