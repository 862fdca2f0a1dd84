"""What a list of candidates teaches, and what it is judged by: the truth is forced in only once."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("safetensors", "cv2", "rasterio"):
    pytest.importorskip(package)

from edgegeo.learn.candidate_file import read_candidates, write_candidates  # noqa: E402
from edgegeo.learn.candidate_pairs import CandidatePairs, LabelSource  # noqa: E402
from edgegeo.learn.ranker_validation import outcomes, recall  # noqa: E402
from tests.datasets import trees  # noqa: E402
from tests.learn import ranker_run  # noqa: E402

SOURCE = LabelSource(name="similarity", threshold=0.0)


@pytest.fixture
def mined(tmp_path):
    """Lists of three whose ground truth stands first."""
    path = ranker_run.candidates(tmp_path)
    assert read_candidates(path).is_truth[:, 0].all()
    return path


def moved(path, columns, forced=False):
    """Write the lists again in another order."""
    found = read_candidates(path)
    names = ("rows", "scores", "is_truth", "similarity")
    arrays = {name: getattr(found, name)[:, columns] for name in names}
    count = len(found.query_ids)
    write_candidates(path, replace(found, **arrays, forced=np.full(count, forced)))
    return path


def pairs_of(path, k):
    return CandidatePairs(path, 16, "stretch", k, skip_bad=False)


def test_a_lesson_holds_the_pictures_and_labels_of_its_list(mined):
    pairs = pairs_of(mined, 3)
    lesson = pairs.lesson(0, SOURCE)
    assert lesson.query.id == "train/drone/0001/0.jpeg"
    np.testing.assert_allclose(lesson.frame[8, 8], trees.colour_of(1), atol=12)
    np.testing.assert_allclose(lesson.tiles[0][8, 8], trees.colour_of(1), atol=12)
    expected = pairs.candidates.similarity[0].clip(0, 1)
    assert lesson.labels.tolist() == [pytest.approx(expected.tolist(), abs=1e-6)]
    assert lesson.labels[0, 0] == 1


def test_a_cut_list_is_taught_with_its_truth_and_judged_without(mined):
    pairs = pairs_of(moved(mined, [1, 2, 0]), 2)
    taught, judged = pairs.lesson(0, SOURCE), pairs.lesson(0)
    assert taught.is_truth.tolist() == [False, True]
    assert judged.is_truth.tolist() == [False, False]
    assert len(judged.tiles) == 2


def test_a_forced_truth_is_taught_and_not_judged(mined):
    pairs = pairs_of(moved(mined, [1, 2, 0], forced=True), 3)
    assert pairs.lesson(0, SOURCE).is_truth.tolist() == [False, False, True]
    assert pairs.lesson(0).is_truth.tolist() == [False, False]


def test_recall_counts_what_the_ranker_mends_and_spoils(mined):
    pairs = pairs_of(moved(mined, [1, 0, 2]), 3)  # the retriever is always wrong by one place

    def right(lesson):
        return torch.from_numpy(lesson.is_truth).float()

    found = recall(outcomes(pairs, range(12), right))
    assert (found["recall_at_1_retrieval"], found["recall_at_1_reranked"]) == (0, 1)
    assert (found["gain"], found["val_queries"]) == (1, 12)
    kept = recall(outcomes(pairs, range(12), lambda lesson: torch.zeros(len(lesson.tiles))))
    assert kept["gain"] == 0  # ties keep the retriever's order


def test_a_truth_that_was_forced_in_cannot_be_found(mined):
    pairs = pairs_of(moved(mined, [1, 2, 0], forced=True), 3)
    found = recall(outcomes(pairs, range(12), lambda lesson: torch.from_numpy(lesson.is_truth) * 1))
    assert found["recall_at_1_reranked"] == 0
