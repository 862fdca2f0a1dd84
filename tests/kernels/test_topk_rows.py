"""Which rows top_k searches, ranges and bitmaps of every size, and rows of awkward values."""

import numpy as np
import pytest

from edgegeo import _core
from tests import reference
from tests.kernels.test_topk import as_stored, every_target, unit_rows


@every_target
@pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 64, 65, 127, 1000, 5003])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_a_bitmap_keeps_its_rows_and_no_others(target, n, share):
    rng = np.random.default_rng(n)
    queries, gallery = unit_rows(rng, 3, 9), unit_rows(rng, n, 9)
    wanted = rng.random(n) < share
    bitmap = np.packbits(wanted, bitorder="little")
    bitmap[-1] |= (0xFF << (n % 8)) & 0xFF if n % 8 else 0  # bits of no row
    k = min(n, 30)
    for pool in (None, _core.Pool(3)):
        ids, scores = _core.top_k(queries, gallery, k, target=target, bitmap=bitmap, pool=pool)
        rows = np.flatnonzero(wanted)
        alone = np.stack([rows, rows + 1], axis=1)
        expected = _core.top_k(queries, gallery, k, ranges=alone, target=target)
        np.testing.assert_array_equal(ids, expected[0])
        np.testing.assert_array_equal(scores, expected[1])
        assert set(ids[ids >= 0].tolist()) <= set(rows.tolist())
        assert (ids >= 0).sum() == 3 * min(k, len(rows))


@every_target
def test_a_bitmap_and_ranges_both_count(target):
    rng = np.random.default_rng(5)
    queries, gallery = unit_rows(rng, 2, 16), unit_rows(rng, 777, 16)
    wanted = rng.random(777) < 0.4
    ranges = np.array([[0, 1], [3, 3], [70, 400], [400, 401], [640, 777]])
    inside = np.zeros(777, bool)
    for start, stop in ranges:
        inside[start:stop] = True
    bitmap = np.packbits(wanted, bitorder="little")
    found = _core.top_k(queries, gallery, 777, ranges=ranges, bitmap=bitmap, target=target)
    both = np.packbits(wanted & inside, bitorder="little")
    expected = _core.top_k(queries, gallery, 777, bitmap=both, target=target)
    np.testing.assert_array_equal(found, expected)
    assert (found[0] >= 0).sum() == 2 * (wanted & inside).sum()


@every_target
def test_many_small_ranges_are_searched_whole(target):
    rng = np.random.default_rng(6)
    queries, gallery = unit_rows(rng, 2, 8), unit_rows(rng, 4000, 8)
    bounds = np.sort(rng.choice(4001, 600, replace=False)).reshape(-1, 2)
    for pool in (None, _core.Pool(2)):
        ids, scores = _core.top_k(queries, gallery, 50, ranges=bounds, target=target, pool=pool)
        expected_ids, expected = reference.top_k(queries, gallery, 50, None, bounds)
        np.testing.assert_array_equal(ids, expected_ids)
        np.testing.assert_allclose(scores, expected, atol=1e-5)


@every_target
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("d", [1023, 1024, 1025])
def test_wide_rows(target, dtype, d):
    rng = np.random.default_rng(d)
    queries = unit_rows(rng, 5, d)
    gallery, scales = as_stored(unit_rows(rng, 300, d), dtype)
    _, scores = _core.top_k(queries, gallery, 7, scales, None, target)
    _, expected = reference.top_k(queries, gallery, 7, scales)
    np.testing.assert_allclose(scores, expected, atol=(d + 1) * 2**-23)


@every_target
def test_infinite_scores_have_their_place(target):
    gallery = np.array([[0], [np.inf], [-np.inf], [2], [np.inf], [np.nan]], np.float32)
    ids, scores = _core.top_k(np.ones((1, 1), np.float32), gallery, 6, target=target)
    assert ids.tolist() == [[1, 4, 3, 0, 2, 5]]
    assert scores.tolist() == [[np.inf, np.inf, 2, 0, -np.inf, -np.inf]]


@every_target
def test_rows_that_score_minus_infinity_come_before_padding(target):
    gallery = np.full((20, 3), -np.inf, np.float32)
    ids, _ = _core.top_k(
        np.ones((1, 3), np.float32), gallery, 5, ranges=np.array([[2, 4], [9, 10]]), target=target
    )
    assert ids.tolist() == [[2, 3, 9, -1, -1]]


@every_target
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_subnormal_rows_keep_their_order(target, dtype):
    least = np.finfo(dtype).smallest_subnormal
    gallery = (np.arange(100)[:, None] * least).astype(dtype)
    ids, scores = _core.top_k(np.ones((1, 1), np.float32), gallery, 100, target=target)
    assert ids[0].tolist() == list(range(99, -1, -1))
    np.testing.assert_array_equal(scores[0], gallery[::-1, 0].astype(np.float32))


@every_target
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("offset", [1, 2, 3, 5])
def test_rows_need_no_more_alignment_than_their_type(target, dtype, offset):
    rng = np.random.default_rng(offset)
    queries = unit_rows(rng, 3, 67)
    rows, scales = as_stored(unit_rows(rng, 90, 67), dtype)
    memory = np.empty(rows.size + offset, rows.dtype)
    moved = memory[offset:].reshape(rows.shape)
    moved[:] = rows
    np.testing.assert_array_equal(
        _core.top_k(queries, moved, 9, scales, target=target),
        _core.top_k(queries, rows, 9, scales, target=target),
    )


@pytest.mark.parametrize(
    ("bitmap", "error"),
    [
        (np.zeros(1, np.uint8), ValueError),
        (np.zeros(3, np.uint8), ValueError),
        (np.zeros((2, 1), np.uint8), ValueError),
        (np.zeros(2, np.int8), TypeError),
        (np.zeros(2, bool), TypeError),
        (np.zeros(4, np.uint8)[::2], TypeError),
    ],
)
def test_a_bitmap_of_another_size_or_type_is_refused(bitmap, error):
    rows = np.ones((9, 2), np.float32)
    with pytest.raises(error):
        _core.top_k(rows, rows, 1, bitmap=bitmap)
