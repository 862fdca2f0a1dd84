"""top_k against NumPy, on every target this machine can run."""

from pathlib import Path

import numpy as np
import pytest

from edgegeo import _core
from tests import reference
from tests.kernels.other_thread import progress_elsewhere

WIDTHS = [1, 7, 8, 9, 31, 64, 513]  # below, at and above every vector width
every_target = pytest.mark.parametrize("target", _core.TARGETS)


def unit_rows(rng, n, d):
    x = rng.standard_normal((n, d), dtype=np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def int8_rows(rows):
    scales = np.abs(rows).max(axis=1) / 127
    return np.rint(rows / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def as_stored(rows, dtype):
    return int8_rows(rows) if dtype == "int8" else (rows.astype(dtype), None)


@every_target
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("q", [1, 2, 3, 4, 5, 9])  # every block of queries, and a rest
def test_scores_match_numpy(target, dtype, d, q):
    rng = np.random.default_rng(d)
    queries = unit_rows(rng, q, d)
    gallery, scales = as_stored(unit_rows(rng, 70, d), dtype)  # more than a block of rows

    ids, scores = _core.top_k(queries, gallery, 5, scales, None, target)

    _, expected = reference.top_k(queries, gallery, 5, scales)
    bound = (d + 1) * 2**-23  # the bound in topk.h, and the reference's own rounding
    np.testing.assert_allclose(scores, expected, atol=bound)
    exact = (
        queries.astype(np.float64)
        @ gallery.astype(np.float64).T
        * (1 if scales is None else scales)
    )
    np.testing.assert_allclose(scores, np.take_along_axis(exact, ids, axis=1), atol=bound)


@every_target
@pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 64, 65, 200])
def test_every_gallery_length_is_searched_to_its_end(target, n):
    rng = np.random.default_rng(n)
    gallery = unit_rows(rng, n, 24)
    ids, _ = _core.top_k(gallery, gallery, 1, None, None, target)
    assert ids[:, 0].tolist() == list(range(n))


@every_target
def test_equal_scores_go_to_the_lower_id(target):
    gallery = np.ones((130, 1), np.float32)
    ids, _ = _core.top_k(gallery[:1], gallery, 3, None, None, target)
    assert ids.tolist() == [[0, 1, 2]]
    ids, _ = _core.top_k(gallery[:1], gallery, 3, None, np.array([[5, 6], [99, 130]]), target)
    assert ids.tolist() == [[5, 99, 100]]


@every_target
def test_k_may_be_the_whole_gallery(target):
    rng = np.random.default_rng(0)
    queries, gallery = unit_rows(rng, 2, 16), unit_rows(rng, 150, 16)
    ids, scores = _core.top_k(queries, gallery, 150, None, None, target)
    assert (np.sort(ids, axis=1) == np.arange(150)).all()
    assert (np.diff(scores, axis=1) <= 0).all()


@every_target
@pytest.mark.parametrize(
    "ranges",
    [
        [[0, 100]],
        [[3, 9], [9, 10], [40, 90]],
        [[99, 100]],
        [[5, 5], [7, 8]],
        np.zeros((0, 2)),
    ],
)
def test_ranges_are_searched_and_nothing_else(target, ranges):
    rng = np.random.default_rng(1)
    queries, gallery = unit_rows(rng, 3, 32), unit_rows(rng, 100, 32)
    ranges = np.array(ranges, np.int64)

    ids, scores = _core.top_k(queries, gallery, 12, None, ranges, target)

    expected_ids, expected = reference.top_k(queries, gallery, 12, None, ranges)
    np.testing.assert_array_equal(ids, expected_ids)  # random rows: no near-ties
    np.testing.assert_allclose(scores, expected, atol=1e-5)


@every_target
def test_a_score_depends_on_its_pair_only(target):
    rng = np.random.default_rng(2)
    queries, gallery = unit_rows(rng, 5, 67), unit_rows(rng, 90, 67)
    ids, scores = _core.top_k(queries, gallery, 90, None, None, target)
    for q in range(5):
        alone_ids, alone = _core.top_k(queries[q : q + 1], gallery, 90, None, None, target)
        np.testing.assert_array_equal(alone_ids[0], ids[q])
        np.testing.assert_array_equal(alone[0], scores[q])
    _, part = _core.top_k(queries, gallery, 1, None, np.array([[50, 51]]), target)
    at = np.argwhere(ids == 50)
    np.testing.assert_array_equal(part[:, 0], scores[at[:, 0], at[:, 1]])


@every_target
def test_nan_comes_after_everything_finite(target):
    gallery = np.array([[np.nan], [1.0], [np.nan], [-5.0]], np.float32)
    query = np.ones((1, 1), np.float32)
    ids, scores = _core.top_k(query, gallery, 4, None, None, target)
    assert ids.tolist() == [[1, 3, 0, 2]]
    assert scores.tolist() == [[1.0, -5.0, -np.inf, -np.inf]]
    scales = np.array([np.nan, 1, 1, 1], np.float32)
    ids, _ = _core.top_k(query, np.full((4, 1), -3, np.int8), 2, scales, None, target)
    assert ids.tolist() == [[1, 2]]


@every_target
def test_every_half_is_widened_exactly(target):
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)][:, None]
    one = np.ones((1, 1), np.float32)
    ids, scores = _core.top_k(one, halves, len(halves), None, None, target)
    np.testing.assert_array_equal(scores[0], halves[ids[0], 0].astype(np.float32))


def int8_case(seed, q, n, d):
    """Any int8 value, -128 on both sides."""
    rng = np.random.default_rng(seed)
    queries, gallery = (rng.integers(-128, 128, (m, d), np.int8) for m in (q, n))
    return queries, rng.random(q, np.float32), gallery, rng.random(n, np.float32)


@every_target
@pytest.mark.parametrize("d", [*WIDTHS, 15, 16, 17, 32])
@pytest.mark.parametrize("q", [1, 2, 3, 4, 5, 9])
def test_int8_queries_score_to_the_bit(target, d, q):
    queries, query_scales, gallery, scales = int8_case(d, q, 70, d)
    found = _core.top_k(queries, gallery, 70, scales, None, target, query_scales)
    expected = reference.top_k_int8(queries, query_scales, gallery, 70, scales)
    np.testing.assert_array_equal(found, expected)


@every_target
@pytest.mark.parametrize(("query", "row"), [(-128, -128), (127, -128), (-128, 127), (127, 127)])
def test_the_widest_int8_sums_do_not_overflow(target, query, row):
    d = 2**17 - 1
    queries, gallery = np.full((3, d), query, np.int8), np.full((5, d), row, np.int8)
    one = np.ones(5, np.float32)
    ids, scores = _core.top_k(queries, gallery, 2, one, None, target, one[:3])
    assert ids.tolist() == [[0, 1]] * 3  # ties, to the lower id
    assert (scores == np.float32(query * row * d)).all()


@every_target
@pytest.mark.parametrize("d", [1, 17, 128, 300])
@pytest.mark.parametrize("sizes", [[1, 1], [27, 27], [5, 40, 1], [33]])
def test_a_group_scores_a_row_by_its_best_query(target, d, sizes):
    rng = np.random.default_rng(d)
    ends, n = np.cumsum(sizes), 200
    queries = rng.integers(-128, 128, (ends[-1], d), np.int8)
    gallery = rng.integers(-128, 128, (n, d), np.int8)
    gallery[100:] = gallery[:100]  # ties
    scales = rng.uniform(0.5, 2, n).astype(np.float32)
    scales[[7, 107]] = np.nan
    query_scales = rng.uniform(0.5, 2, ends[-1]).astype(np.float32)
    of_each = reference.scores_int8(queries, query_scales, gallery, scales)

    found = _core.top_k(
        queries, gallery, 50, scales, None, target, query_scales, groups=ends.astype(np.int64)
    )

    groups = [np.where(np.isnan(x), -np.inf, x) for x in np.split(of_each, ends[:-1])]
    ids, best = reference.best_of(np.stack([x.max(axis=0) for x in groups]), 50, None)
    np.testing.assert_array_equal(found[0], ids)
    np.testing.assert_array_equal(found[1], best)
    first = np.stack([x.argmax(axis=0) for x in groups]) + (ends - sizes)[:, None]
    np.testing.assert_array_equal(found[2], np.take_along_axis(first, ids, axis=1))


@pytest.mark.parametrize("groups", [[0, 2], [1], [3], [2, 2], []])
def test_groups_that_would_write_elsewhere_are_refused(groups):
    rows = np.ones((2, 4), np.float32)
    with pytest.raises(ValueError, match="groups must"):
        _core.top_k(rows, rows, 1, groups=np.array(groups, np.int64))


@every_target
def test_int8_queries_keep_ranges_ties_and_nan(target):
    queries, query_scales, gallery, scales = int8_case(0, 4, 200, 40)
    gallery[100:] = gallery[:100]  # every score twice
    scales[100:] = scales[:100]
    scales[[7, 150]] = np.nan
    ranges = np.array([[3, 9], [20, 130], [190, 200]])
    found = _core.top_k(queries, gallery, 140, scales, ranges, target, query_scales)
    expected = reference.top_k_int8(queries, query_scales, gallery, 140, scales, ranges)
    np.testing.assert_array_equal(found, expected)


def test_a_read_only_memory_map_is_searched_in_place(tmp_path: Path):
    rows = unit_rows(np.random.default_rng(3), 50, 16)
    stored, scales = int8_rows(rows)
    np.save(tmp_path / "rows.npy", stored)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert not mapped.flags.writeable
    ids, _ = _core.top_k(rows, mapped, 1, scales)
    assert ids[:, 0].tolist() == list(range(50))


F32, I8 = np.ones((4, 2), np.float32), np.ones((4, 2), np.int8)
ONE = np.ones(4, np.float32)


@pytest.mark.parametrize(
    ("queries", "gallery", "scales", "ranges"),
    [
        (F32, F32.astype(np.float64), None, None),
        (F32.astype(np.float64), F32, None, None),
        (F32.astype(np.float16), F32, None, None),
        (F32, I8.astype(np.uint8), ONE, None),
        (F32, F32.astype(">f4"), None, None),
        (F32, np.ones((4, 4), np.float32)[:, ::2], None, None),
        (F32, np.asfortranarray(F32), None, None),
        (F32.tolist(), F32, None, None),
        (F32, I8, ONE.astype(np.float64), None),
        (F32, F32, None, np.array([[0, 4]], np.int32)),
        (F32, np.frombuffer(bytes(33), np.float32, 8, 1).reshape(4, 2), None, None),
    ],
)
def test_wrong_dtype_or_layout_is_refused_not_copied(queries, gallery, scales, ranges):
    with pytest.raises(TypeError):
        _core.top_k(queries, gallery, 1, scales, ranges)


@pytest.mark.parametrize(
    ("gallery", "k", "scales", "ranges"),
    [
        (F32, 0, None, None),
        (F32, 5, None, None),
        (np.ones((4, 3), np.float32), 1, None, None),
        (np.ones(4, np.float32), 1, None, None),
        (I8, 1, None, None),
        (I8, 1, ONE[:3], None),
        (F32, 1, None, np.array([[0, 5]])),
        (F32, 1, None, np.array([[-1, 2]])),
        (F32, 1, None, np.array([[2, 3], [0, 1]])),
        (F32, 1, None, np.array([[0, 2], [1, 3]])),
        (F32, 1, None, np.array([[3, 2]])),
        (F32, 1, None, np.array([[0, 1, 2]])),
    ],
)
def test_what_would_read_foreign_memory_is_refused(gallery, k, scales, ranges):
    with pytest.raises(ValueError, match=r".+"):
        _core.top_k(F32, gallery, k, scales, ranges)


@pytest.mark.parametrize(
    ("queries", "gallery", "query_scales", "error"),
    [
        (I8, I8, None, ValueError),
        (F32, I8, ONE, ValueError),
        (I8, I8, ONE[:3], ValueError),
        (I8, I8, ONE[:, None], ValueError),
        (I8[:, :1].copy(), I8, ONE, ValueError),
        (np.zeros((1, 2**17), np.int8), np.zeros((4, 2**17), np.int8), ONE[:1], ValueError),
        (I8, F32, ONE, TypeError),
        (I8, F32.astype(np.float16), ONE, TypeError),
        (I8, I8, ONE.astype(np.float64), TypeError),
        (I8.astype(np.uint8), I8, ONE, TypeError),
        (np.asfortranarray(I8), I8, ONE, TypeError),
    ],
)
def test_int8_queries_want_int8_rows_and_scales(queries, gallery, query_scales, error):
    with pytest.raises(error):
        _core.top_k(queries, gallery, 1, ONE, None, None, query_scales)


def test_an_unknown_target_is_refused():
    with pytest.raises(ValueError, match="scalar"):
        _core.top_k(F32, F32, 1, None, None, "avx9000")


def test_other_threads_run_meanwhile():
    gallery = np.ones((200_000, 64), np.int8)
    scales, queries = np.ones(200_000, np.float32), np.ones((8, 64), np.float32)
    assert progress_elsewhere(lambda: _core.top_k(queries, gallery, 1, scales, None, "scalar"))
