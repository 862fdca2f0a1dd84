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


def test_int8_queries_find_what_their_float_rows_do():
    queries, query_scales = search.quantise_rows(np.array([[0.6, 0.8], [2.0, 0.0]], np.float32))
    found = search.top_k(queries, INT8, 2, scales=SCALES, query_scales=query_scales)
    assert found.ids.tolist() == [[2, 1], [0, 2]]
    np.testing.assert_allclose(found.scores, [[1.4 * 90 / 127, 0.8], [2, 180 / 127]], atol=0.005)


def test_a_group_finds_each_row_once_by_its_best_query():
    queries = np.array([[1, 0, 0, 0], [0, 0.5, 0, 0.7], [0, 0, 0.2, 0.7]], np.float32)
    found = search.top_k_of_groups(queries, np.array([1, 3]), GALLERY, 3)
    assert found.ids.tolist() == [[0, 1, 2], [3, 1, 2]]
    assert found.queries.tolist() == [[0, 0, 0], [1, 1, 2]]  # of a tie at row 3 the first
    np.testing.assert_allclose(found.scores, [[1, 0, 0], [0.7, 0.5, 0.2]])


@pytest.mark.parametrize("ends", [[], [2], [4], [0, 3], [2, 1, 3], [3, 3]])
def test_groups_that_are_not_all_queries_are_refused(ends):
    with pytest.raises(RangeError, match="up to 3, no group empty"):
        search.top_k_of_groups(GALLERY[:3], np.array(ends, np.int64), GALLERY, 1)


@pytest.mark.parametrize("magnitude", [1e-30, 1.0, 1e30])
def test_rounding_is_within_half_a_step_and_never_clips(magnitude):
    x = magnitude * np.random.default_rng(0).standard_normal((50, 4, 7), np.float32)
    q, scales = search.quantise_rows(x)
    back = q * scales[:, None, None]
    assert np.abs(q).max(axis=(1, 2)).tolist() == [127] * 50
    assert np.all(np.abs(back - x) <= 0.5001 * scales[:, None, None])


@pytest.mark.parametrize("magnitude", [2.0**-146, 2.0**-128, 2.0**-120, 1.0, 2.0**124])
def test_rows_are_rounded_as_numpy_does(magnitude):
    x = np.random.default_rng(1).integers(-40, 41, (500, 33)) / 8 * magnitude  # halves are many
    x = x.astype(np.float32)
    scales = np.abs(x).max(axis=1) / np.float32(127)
    scales[scales < np.finfo(np.float32).tiny] = 1
    found = search.quantise_rows(x)
    np.testing.assert_array_equal(found[1], scales)
    np.testing.assert_array_equal(found[0], np.rint(x / scales[:, None]).astype(np.int8))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_becomes_zeros_of_no_scale(value):
    q, scales = search.quantise_rows(np.array([[1, value], [2, 4]], np.float32))
    assert q.tolist() == [[0, 0], [64, 127]]
    assert np.isnan(scales).tolist() == [True, False]


@pytest.mark.parametrize("magnitude", [0, 187 * 2**-149])  # the least subnormal is 2^-149
def test_a_row_of_next_to_nothing_becomes_zeros(magnitude):
    q, scales = search.quantise_rows(np.full((1, 3), magnitude, np.float32))
    assert q.tolist() == [[0, 0, 0]]
    assert scales.tolist() == [1.0]


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
        (INT8, INT8, {"scales": SCALES}, r"query_scales must be \(3,\) float32 for int8"),
        (INT8, INT8, {"scales": SCALES, "query_scales": SCALES[:2]}, "query_scales"),
        (INT8, INT8, {"scales": SCALES, "query_scales": SCALES.astype(float)}, "query_scales"),
        (INT8.astype("f4"), INT8, {"scales": SCALES, "query_scales": SCALES}, "query_scales"),
        (INT8.astype("u1"), INT8, {"scales": SCALES, "query_scales": SCALES}, "float32 or int8"),
        (INT8, INT8.astype("f4"), {"query_scales": SCALES}, r"queries must be \(q, 2\) float32"),
        (GALLERY, GALLERY, {"ranges": np.array([0, 4])}, "ranges"),
        (GALLERY, GALLERY, {"ranges": np.array([[0.0, 4.0]])}, "ranges"),
    ],
)
def test_shapes_are_explained(queries, gallery, options, message):
    with pytest.raises(ShapeError, match=message):
        search.top_k(queries, gallery, 1, **options)


def test_int8_queries_too_wide_for_their_sums_are_refused():
    wide, scales = np.zeros((1, 2**17), np.int8), np.ones(1, np.float32)
    with pytest.raises(ShapeError, match="131071"):
        search.top_k(wide, wide, 1, scales=scales, query_scales=scales)


@pytest.mark.parametrize("ranges", [[[0, 5]], [[-1, 2]], [[2, 1]], [[0, 3], [2, 4]]])
def test_ranges_must_be_ascending_and_disjoint(ranges):
    with pytest.raises(RangeError, match="ascending"):
        search.top_k(GALLERY, GALLERY, 1, ranges=np.array(ranges))


def test_a_sliced_gallery_is_refused_not_copied():
    wide = np.ones((4, 8), np.float32)
    with pytest.raises(TypeError, match="contiguous"):
        search.top_k(GALLERY, wide[:, ::2], 1)
