"""relate and turn_tokens against NumPy, on every target this machine can run."""

from pathlib import Path

import numpy as np
import pytest

from edgegeo import _core
from tests import reference
from tests.kernels.other_thread import progress_elsewhere

every_target = pytest.mark.parametrize("target", _core.TARGETS)
SIZES = [
    (1, 1, 0),
    (2, 5, 1),
    (3, 16, 2),
    (4, 33, 3),
    (6, 17, 5),
    (8, 32, 3),
    (14, 7, 3),
    (2, 1025, 1),
]
POWER = 0.5


def case(side, width, copies=3, rows=5, seed=0):
    """Copies (2 groups), their scales, stored rows, their scales: some copies lie on some rows."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(-128, 128, (rows, side * side, width), dtype=np.int8)
    grids = rng.integers(-128, 128, (2 * copies, side * side, width), dtype=np.int8)
    grids[copies - 1] = np.roll(tokens[1].reshape(side, side, width), (1, -1), (0, 1)).reshape(
        tokens[1].shape
    )
    scales, grid_scales = (
        rng.uniform(0.002, 0.02, n).astype(np.float32) for n in (rows, len(grids))
    )
    return grids, grid_scales, tokens, scales


def volumes(grids, grid_scales, tokens, scales, side, reach):
    """cosine and overlap (q, n, s, s) in float64."""
    both = [
        [
            reference.correlation(
                (a * u).reshape(side, side, -1), (b * v).reshape(side, side, -1), reach
            )
            for b, v in zip(tokens.astype(float), scales.astype(float), strict=True)
        ]
        for a, u in zip(grids.astype(float), grid_scales.astype(float), strict=True)
    ]
    return np.array(both).transpose(2, 0, 1, 3, 4)


def bound(side):  # in relate.h
    return (side * side + 8) * 2**-23


@every_target
@pytest.mark.parametrize(("side", "width", "reach"), SIZES)
def test_a_full_search_matches_numpy(target, side, width, reach):
    grids, grid_scales, tokens, scales = case(side, width)
    ids, firsts = np.array([4, 1, 1, 0], np.int32), np.array([0, 0, 3, 3], np.int32)
    score, copy, shift, cosine, overlap = _core.relate(
        grids, grid_scales, 3, firsts, tokens, scales, ids, reach, POWER, 0, None, True, target
    )
    exact_cosine, exact_overlap = volumes(grids, grid_scales, tokens, scales, side, reach)
    exact = exact_cosine * (exact_overlap + 1e-4) ** POWER
    for j, (id_, first) in enumerate(zip(ids, firsts, strict=True)):
        chosen = first + copy[j]
        np.testing.assert_allclose(cosine[j], exact_cosine[chosen, id_], atol=bound(side))
        np.testing.assert_allclose(overlap[j], exact_overlap[chosen, id_], atol=bound(side))
        of_copies = exact[first : first + 3, id_]
        assert score[j] == pytest.approx(of_copies.max(), abs=4 * bound(side))
        at = of_copies[copy[j], shift[j, 0] + reach, shift[j, 1] + reach]
        assert score[j] == pytest.approx(at, abs=4 * bound(side))


@every_target
def test_a_copy_that_lies_on_a_candidate_is_found_where_it_lies(target):
    width, reach = 32, 3
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((22, 22, width))
    windows = np.lib.stride_tricks.sliding_window_view(noise, (3, 3), (0, 1))
    ground = windows.mean((3, 4))  # smooth, so that it is alike at half resolution
    ground *= 100 / np.abs(ground).max()
    cut = [ground[6:14, 6:14], ground[8:16, 5:13]]  # the second is centred 2 south, 1 west
    tokens = np.stack([np.rint(each).astype(np.int8).reshape(64, width) for each in cut])
    noise = rng.integers(-90, 90, (5, 64, width), dtype=np.int8)
    grids = np.concatenate([noise[:3], tokens[1:], noise[3:]])
    ones = np.full(6, 0.01, np.float32)
    for keep in (0, 1, 4):
        score, copy, shift = _core.relate(
            grids, ones, 6, np.zeros(1, np.int32), tokens, ones[:2], np.zeros(1, np.int32), reach,
            POWER, keep, None, False, target,
        )  # fmt: skip
        assert (copy.tolist(), shift.tolist()) == ([3], [[2, -1]])
        assert 0.7 < score[0] < 0.95  # of a cosine near 1, what does not overlap


@every_target
@pytest.mark.parametrize("keep", [1, 2, 5])
def test_coarse_to_fine_is_all_shifts_of_the_copy_it_chooses(target, keep):
    grids, grid_scales, tokens, scales = case(8, 19, copies=5)
    ids = np.array([0, 1, 2, 3, 4], np.int32)
    firsts = np.array([0, 0, 5, 5, 0], np.int32)
    score, copy, shift, cosine, overlap = _core.relate(
        grids, grid_scales, 5, firsts, tokens, scales, ids, 3, POWER, keep, None, True, target
    )
    alone = _core.relate(
        grids, grid_scales, 1, firsts + copy, tokens, scales, ids, 3, POWER, 0, None, True, target
    )
    for got, wanted in zip((score, shift, cosine, overlap), (alone[0], *alone[2:]), strict=True):
        np.testing.assert_array_equal(got, wanted)
    full = _core.relate(
        grids, grid_scales, 5, firsts, tokens, scales, ids, 3, POWER, 0, None, False, target
    )
    assert (score <= full[0]).all()
    if keep == 5:  # nothing left out
        for got, wanted in zip((score, copy, shift), full, strict=True):
            np.testing.assert_array_equal(got, wanted)


@every_target
def test_half_resolution_chooses_by_means_of_two_by_two(target):
    """keep=1 takes the copy that is best by the reference over rounded means."""
    side, width, reach, copies = 6, 16, 4, 4
    grids, grid_scales, tokens, scales = case(side, width, copies)

    def half(values):
        blocks = values.reshape(-1, side // 2, 2, side // 2, 2, width).astype(int).sum((2, 4))
        return ((blocks + 2) >> 2).reshape(len(values), -1, width)

    cosine, overlap = volumes(
        half(grids[:copies]), grid_scales[:copies], half(tokens), scales, side // 2, reach // 2
    )
    coarse = (cosine * (overlap + 1e-4) ** POWER).max((2, 3))
    ids = np.arange(len(tokens), dtype=np.int32)
    _, copy, _ = _core.relate(
        grids, grid_scales, copies, np.zeros(len(ids), np.int32), tokens, scales, ids, reach,
        POWER, 1, None, False, target,
    )  # fmt: skip
    np.testing.assert_array_equal(copy, coarse.argmax(0))


@every_target
def test_equal_scores_go_to_the_lower_copy_and_the_first_shift(target):
    tokens = np.full((1, 4, 3), 7, np.int8)
    grids, ones = tokens.repeat(4, axis=0), np.ones(4, np.float32)
    zero = np.zeros(1, np.int32)
    for keep in (0, 2):
        _, copy, shift = _core.relate(
            grids, ones, 4, zero, tokens, ones[:1], zero, 1, 0.0, keep, None, False, target
        )
        assert copy[0] == 0
    # nothing anywhere: every score is 0
    _, copy, shift, cosine, _ = _core.relate(
        0 * grids, ones, 4, zero, tokens, ones[:1], zero, 1, 0.5, 0, None, True, target
    )
    assert (copy.tolist(), shift.tolist()) == ([0], [[-1, -1]])
    assert (cosine == 0).all()


@every_target
def test_the_largest_sums_fit(target):
    side, width = 2, (2**17 - 1) // 4
    low = np.full((1, side * side, width), -128, np.int8)
    one, zero = np.ones(1, np.float32), np.zeros(1, np.int32)
    for a, b, sign in ((low, low, 1), (low, ~low, -1)):
        *_, cosine, overlap = _core.relate(
            a, one, 1, zero, b, one, zero, 0, 0.5, 0, None, True, target
        )
        assert cosine[0, 0, 0] == pytest.approx(sign, abs=1e-6)
        assert overlap[0, 0, 0] == pytest.approx(1, abs=1e-6)


@every_target
def test_no_scale_that_is_not_finite_wins(target):
    grids, grid_scales, tokens, scales = case(4, 8)
    scales[2] = np.nan
    ids = np.array([2], np.int32)
    score, copy, shift = _core.relate(
        grids, grid_scales, 3, np.zeros(1, np.int32), tokens, scales, ids, 2, POWER, 0, None,
        False, target,
    )  # fmt: skip
    assert (score.tolist(), copy.tolist(), shift.tolist()) == ([-np.inf], [0], [[0, 0]])


def test_any_number_of_threads_gives_the_same():
    grids, grid_scales, tokens, scales = case(8, 32, copies=6, rows=40)
    ids = np.arange(40, dtype=np.int32)
    firsts = ids % 2 * np.int32(6)
    given = (grids, grid_scales, 6, firsts, tokens, scales, ids, 3, POWER)
    for keep in (0, 2):
        alone = _core.relate(*given, keep, None, True)
        for threads in (1, 2, 3, 64):
            several = _core.relate(*given, keep, _core.Pool(threads), True)
            for got, wanted in zip(several, alone, strict=True):
                np.testing.assert_array_equal(got, wanted)


def test_no_candidates_are_no_error():
    grids, grid_scales, tokens, scales = case(4, 8)
    none = np.zeros(0, np.int32)
    found = _core.relate(grids, grid_scales, 3, none, tokens, scales, none, 2, 0.5, 2, None, True)
    assert [each.shape for each in found] == [(0,), (0,), (0, 2), (0, 5, 5), (0, 5, 5)]


def test_a_read_only_memory_map_is_read_in_place(tmp_path: Path):
    grids, grid_scales, tokens, scales = case(4, 8)
    np.save(tmp_path / "tokens.npy", tokens)
    mapped = np.load(tmp_path / "tokens.npy", mmap_mode="r")
    ids, zeros = np.array([4, 0], np.int32), np.zeros(2, np.int32)
    got, wanted = (
        _core.relate(grids, grid_scales, 3, zeros, rows, scales, ids, 2, 0.5, 2)
        for rows in (mapped, tokens)
    )
    np.testing.assert_array_equal(got[0], wanted[0])


def test_what_would_read_elsewhere_is_refused():
    grids, grid_scales, tokens, scales = case(4, 8)
    good = {
        "grids": grids, "grid_scales": grid_scales, "copies": 3, "firsts": np.zeros(2, np.int32),
        "tokens": tokens, "scales": scales, "ids": np.array([0, 4], np.int32), "reach": 2,
        "power": 0.5, "keep": 2,
    }  # fmt: skip
    _core.relate(**good)
    for change, error in (
        ({"ids": np.array([0, 5], np.int32)}, IndexError),
        ({"ids": np.array([-1, 0], np.int32)}, IndexError),
        ({"firsts": np.array([0, 4], np.int32)}, IndexError),
        ({"firsts": np.array([-1, 0], np.int32)}, IndexError),
        ({"firsts": np.zeros(1, np.int32)}, ValueError),
        ({"copies": 7}, IndexError),
        ({"copies": 0}, ValueError),
        ({"reach": 4}, ValueError),
        ({"reach": -1}, ValueError),
        ({"keep": -1}, ValueError),
        ({"grids": grids[:, :9]}, TypeError),
        ({"grids": np.ascontiguousarray(grids[:, :9])}, ValueError),
        ({"grids": grids.astype(np.float32)}, TypeError),
        ({"grid_scales": grid_scales[:5]}, ValueError),
        ({"scales": scales[:4]}, ValueError),
        ({"scales": scales.astype(float)}, TypeError),
        ({"tokens": np.ascontiguousarray(tokens[:, :15])}, ValueError),
        ({"tokens": tokens[..., ::2]}, TypeError),
        ({"ids": np.array([0, 4])}, TypeError),
    ):
        with pytest.raises(error):
            _core.relate(**{**good, **change})
    wide = np.zeros((1, 4, 2**15), np.int8)
    one, zero = np.ones(1, np.float32), np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="131071"):
        _core.relate(wide, one, 1, zero, wide, one, zero, 0, 0.5, 0)
    odd = np.zeros((1, 9, 2), np.int8)
    with pytest.raises(ValueError, match="odd"):
        _core.relate(odd, one, 1, zero, odd, one, zero, 0, 0.5, 1)


def test_other_threads_run_meanwhile():
    grids, grid_scales, tokens, scales = case(14, 64, copies=8, rows=40)
    ids = np.arange(40, dtype=np.int32)
    zeros = np.zeros(40, np.int32)
    assert progress_elsewhere(
        lambda: _core.relate(
            grids, grid_scales, 8, zeros, tokens, scales, ids, 3, 0.5, 0, None, False, "scalar"
        )
    )


@every_target
@pytest.mark.parametrize("width", [1, 7, 8, 15, 16, 17, 33, 128])
def test_copies_are_sampled_to_half_a_step(target, width):
    rng = np.random.default_rng(width)
    tokens = rng.standard_normal((3, 9, width), dtype=np.float32)
    tokens[2] = 0
    taps = rng.integers(0, 10, (20, 4), dtype=np.int32)
    weights = rng.multinomial(2**14, [0.25] * 4, 20).astype(np.int16)
    weights[0] = [2**14, 0, 0, 0]
    out, scales = _core.turn_tokens(tokens, taps, weights, None, target)
    exact, exact_scales = reference.turn_tokens(tokens, taps, weights)
    np.testing.assert_allclose(scales, exact_scales, rtol=1e-6)
    assert np.abs(out - exact / exact_scales[:, None, None]).max() <= 0.51  # in turn.h
    same, _ = _core.turn_tokens(tokens, taps, weights, _core.Pool(2), "scalar")
    np.testing.assert_array_equal(out, same)


def test_nothing_is_sampled_from_elsewhere():
    tokens = np.ones((1, 4, 2), np.float32)
    taps, weights = np.zeros((1, 4), np.int32), np.full((1, 4), 2**12, np.int16)
    for bad_taps, bad_weights, error in (
        (taps + 5, weights, IndexError),
        (taps - 1, weights, IndexError),
        (taps, weights + 1, ValueError),
        (taps, -weights, ValueError),
        (taps[:, :3], weights, ValueError),
        (taps[:0], weights, ValueError),
        (taps.astype(np.int64), weights, TypeError),
    ):
        with pytest.raises(error):
            _core.turn_tokens(tokens, bad_taps, bad_weights)
