"""The certified search finds what the full one does, to the bit, on data made to fool it."""

import numpy as np
import pytest

from edgegeo import _core
from edgegeo.index import coarse_rows
from tests.kernels.test_topk import every_target, unit_rows

KINDS = [
    "random",
    "clustered",
    "near_ties",
    "duplicates",
    "one_direction",
    "subnormal",
    "tiny",
    "huge",
    "overflowing",
    "every_length",
    "zeros",
    "not_finite",
    "outliers",
    "cancelling",
]


def rows_of(kind, rng, n, d):
    rows = unit_rows(rng, n, d)
    lengths = np.exp2(rng.uniform(-1, 1, (n, 1)))
    if kind == "clustered":
        rows = unit_rows(rng, 5, d)[rng.integers(0, 5, n)] + 0.01 * rows
    elif kind == "near_ties":  # apart by the last bits, in every order
        rows = rows[:1] * (1 + rng.integers(-3, 4, (n, 1)) * 2.0**-24)
    elif kind == "duplicates":
        rows = rows[rng.integers(0, 3, n)]
    elif kind == "one_direction":
        rows = rows[:1] * lengths
    elif kind == "subnormal":
        rows = rows * 2.0**-135
    elif kind == "tiny":
        rows = rows * 2.0**-100
    elif kind == "huge":
        rows = rows * 2.0**61
    elif kind == "overflowing":
        rows = rows * 2.0**127
    elif kind == "every_length":
        rows = rows * np.exp2(rng.integers(-140, 127, (n, 1)).astype(float))
    elif kind == "zeros":
        rows = rows * (rng.random((n, 1)) < 0.3)
    elif kind == "not_finite":
        rows[rng.random((n, d)) < 0.2 / d] = np.nan
        rows[rng.random((n, d)) < 0.2 / d] = np.inf
        rows[rng.random((n, d)) < 0.2 / d] = -np.inf
    elif kind == "outliers":  # int8 keeps little beside one large value
        rows[:, 0] = 50 * np.sign(rows[:, 0])
    elif kind == "cancelling":  # large products whose sum is small: the sums' rounding decides
        half = rows[:, : d // 2]
        rows = 1000 * np.concatenate([half, -half, rows[:, 2 * (d // 2) :]], axis=1)
        rows = rows + 1e-4 * unit_rows(rng, n, d)
    return np.ascontiguousarray(rows, np.float32)


def queries_of(rng, rows):
    """Rows themselves, rows that were moved a little, others, and what no proof covers."""
    n, d = rows.shape
    some = rows[rng.integers(0, n, 4)]
    others = unit_rows(rng, 6, d)
    others[1] = 1
    others[2] *= 2.0**-70
    others[3] *= 2.0**70
    others[4] = 0
    others[5, -1] = np.nan
    with np.errstate(all="ignore"):
        moved = some * (1 + 0.01 * rng.standard_normal(some.shape)).astype(np.float32)
    return np.concatenate([some, moved.astype(np.float32), others])


@every_target
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 7), (70, 8), (2500, 33), (600, 257)])
def test_it_is_the_full_search(target, dtype, kind, n, d):
    rng = np.random.default_rng(n + d)
    with np.errstate(over="ignore"):
        rows = rows_of(kind, rng, n, d).astype(dtype)
    queries = queries_of(rng, rows.astype(np.float32))
    coarse = coarse_rows(rows)
    bitmap = np.packbits(rng.random(n) < 0.5, bitorder="little")
    ranges = np.array([[0, n // 3], [n // 2, n]])
    for pool in (None, _core.Pool(3)):
        for k in {1, min(n, 10), n}:
            for chosen in ({}, {"ranges": ranges}, {"ranges": ranges, "bitmap": bitmap}):
                ids, scores, rescored = _core.certified_top_k(
                    queries, rows, *coarse, k, **chosen, pool=pool, target=target
                )
                expected = _core.top_k(queries, rows, k, target=target, **chosen)
                np.testing.assert_array_equal(ids, expected[0])
                np.testing.assert_array_equal(scores.view(np.int32), expected[1].view(np.int32))
                assert (rescored <= n).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_bounds_hold(kind, dtype):
    with np.errstate(over="ignore"):
        rows = rows_of(kind, np.random.default_rng(1), 500, 40).astype(dtype)
    int8, scales, bounds = coarse_rows(rows)
    exact = rows.astype(np.longdouble)
    with np.errstate(invalid="ignore"):
        error = np.sqrt(((exact - int8 * scales.astype(np.longdouble)[:, None]) ** 2).sum(axis=1))
        norm = np.sqrt((exact**2).sum(axis=1))
    finite = np.isfinite(exact).all(axis=1)
    assert (bounds[finite] >= np.stack([error, norm], axis=1)[finite]).all()
    assert np.isinf(bounds[~finite | (norm > 2.0**62), 0]).all()
    usual = finite & (norm < 2.0**61) & (norm > 2.0**-100)
    assert (bounds[usual] <= 1.00001 * np.stack([error, norm], axis=1)[usual] + 1e-44).all()


def test_few_rows_are_scored_in_full():
    """Else it would be right for a poor reason."""
    rng = np.random.default_rng(0)
    rows = unit_rows(rng, 20_000, 256)
    *_, rescored = _core.certified_top_k(rows[:8].copy(), rows, *coarse_rows(rows), 32)
    assert (rescored < 300).all()


def test_a_bound_that_is_too_small_is_noticed():
    """The proof rests on the bounds: with none of an error the int8 ranking shows through."""
    rng = np.random.default_rng(0)
    rows = unit_rows(rng, 20_000, 64)
    queries = unit_rows(rng, 20, 64)
    int8, scales, bounds = coarse_rows(rows)
    ids, *_ = _core.certified_top_k(queries, rows, int8, scales, 0 * bounds, 10)
    assert (ids != _core.top_k(queries, rows, 10)[0]).any()


ROWS = np.ones((4, 2), np.float32)
COARSE = coarse_rows(ROWS)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"queries": ROWS.astype(np.int8)}, TypeError),
        ({"queries": ROWS[:, :1].copy()}, ValueError),
        ({"gallery": ROWS.astype(np.int8)}, TypeError),
        ({"gallery": ROWS[:3]}, ValueError),
        ({"gallery": np.ones((4, 4), np.float32)[:, ::2]}, TypeError),
        ({"coarse": COARSE.rows.astype(np.float32)}, TypeError),
        ({"coarse": COARSE.rows[:3]}, ValueError),
        ({"scales": COARSE.scales[:3]}, ValueError),
        ({"bounds": COARSE.bounds[:, 0].copy()}, ValueError),
        ({"bounds": COARSE.bounds[:3]}, ValueError),
        ({"bounds": COARSE.bounds.astype(float)}, TypeError),
        ({"k": 0}, ValueError),
        ({"k": 5}, ValueError),
        ({"ranges": np.array([[0, 5]])}, ValueError),
        ({"bitmap": np.zeros(2, np.uint8)}, ValueError),
        ({"bitmap": np.zeros(1, np.int8)}, TypeError),
    ],
)
def test_what_does_not_fit_is_refused(change, error):
    given = {
        "queries": ROWS,
        "gallery": ROWS,
        "coarse": COARSE.rows,
        "scales": COARSE.scales,
        "bounds": COARSE.bounds,
        "k": 1,
    }
    with pytest.raises(error):
        _core.certified_top_k(**(given | change))


def test_rescoring_orders_each_query_s_own_rows():
    rng = np.random.default_rng(0)
    queries, gallery = unit_rows(rng, 2, 24), unit_rows(rng, 50, 24)
    rows = np.array([[7, -1, 3, 40], [-1, -1, -1, 11]], np.int32)
    ids, scores = _core.rescore(queries, gallery, rows, 3)
    every_id, every_score = _core.top_k(queries, gallery, 50)
    for q, own in enumerate(([7, 3, 40], [11])):
        at = np.isin(every_id[q], own)
        assert ids[q].tolist() == every_id[q][at].tolist() + [-1] * (3 - len(own))
        np.testing.assert_array_equal(scores[q, : len(own)], every_score[q][at])


@pytest.mark.parametrize("row", [-2, 50])
def test_rescoring_refuses_rows_that_are_not_there(row):
    rows = np.ones((50, 3), np.float32)
    with pytest.raises(ValueError, match="rows must be in"):
        _core.rescore(rows[:1], rows, np.array([[row]], np.int32), 1)
