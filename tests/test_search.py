"""The search wrapper: what it explains before the kernel is asked."""

import numpy as np
import pytest

from edgegeo import search
from edgegeo.errors import RangeError, ShapeError

GALLERY = np.eye(4, dtype=np.float32)
INT8 = np.array([[127, 0], [0, 127], [90, 90]], np.int8)
SCALES = np.full(3, 1 / 127, np.float32)


def test_best_first_with_scores_by_hand():
    queries = np.array([[0.6, 0.8]], np.float32)
    found = search.top_k(queries, INT8, 3, scales=SCALES)
    assert found.ids.tolist() == [[2, 1, 0]]
    np.testing.assert_allclose(found.scores, [[1.4 * 90 / 127, 0.8, 0.6]], rtol=1e-6)


def test_ranges_that_hold_too_few_rows_are_padded():
    found = search.top_k(GALLERY[:1], GALLERY, 3, ranges=np.array([[1, 2], [3, 4]]))
    assert found.ids.tolist() == [[1, 3, -1]]
    assert found.scores.tolist() == [[0.0, 0.0, -np.inf]]


def test_no_ranges_at_all_find_nothing():
    found = search.top_k(GALLERY[:1], GALLERY, 2, ranges=np.zeros((0, 2), np.int64))
    assert found.ids.tolist() == [[-1, -1]]


@pytest.mark.parametrize("k", [0, -1, 5])
def test_k_outside_the_gallery_is_refused(k):
    with pytest.raises(RangeError, match=r"\[1, 4\]"):
        search.top_k(GALLERY, GALLERY, k)


@pytest.mark.parametrize(
    ("queries", "gallery", "options", "message"),
    [
        (GALLERY[:, :3], GALLERY, {}, r"queries must be \(q, 4\)"),
        (GALLERY[0], GALLERY, {}, "queries"),
        (GALLERY.astype(float), GALLERY, {}, "queries .*float64"),
        (GALLERY, GALLERY[0], {}, "gallery"),
        (GALLERY, GALLERY.astype(float), {}, "gallery .*float64"),
        (GALLERY[:, :2], INT8, {}, "scales"),
        (GALLERY[:, :2], INT8, {"scales": SCALES[:2]}, "scales"),
        (GALLERY, GALLERY, {"ranges": np.array([0, 4])}, "ranges"),
        (GALLERY, GALLERY, {"ranges": np.array([[0.0, 4.0]])}, "ranges"),
    ],
)
def test_shapes_are_explained(queries, gallery, options, message):
    with pytest.raises(ShapeError, match=message):
        search.top_k(queries, gallery, 1, **options)


@pytest.mark.parametrize("ranges", [[[0, 5]], [[-1, 2]], [[2, 1]], [[0, 3], [2, 4]]])
def test_ranges_must_be_ascending_and_disjoint(ranges):
    with pytest.raises(RangeError, match="ascending"):
        search.top_k(GALLERY, GALLERY, 1, ranges=np.array(ranges))


def test_a_sliced_gallery_is_refused_not_copied():
    wide = np.ones((4, 8), np.float32)
    with pytest.raises(TypeError, match="contiguous"):
        search.top_k(GALLERY, wide[:, ::2], 1)
