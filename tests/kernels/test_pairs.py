"""gather_pairs against NumPy, on every target this machine can run."""

from pathlib import Path

import numpy as np
import pytest

from edgegeo import _core
from tests import reference
from tests.kernels.other_thread import progress_elsewhere

every_target = pytest.mark.parametrize("target", _core.TARGETS)


def stored(n, t, c, seed=0):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(-127, 128, (n, t, c), dtype=np.int8)
    return tokens, rng.random(n, dtype=np.float32)


@every_target
@pytest.mark.parametrize(("t", "c"), [(1, 1), (1, 7), (3, 3), (4, 8), (256, 32), (5, 13)])
def test_values_are_exactly_scale_times_token(target, t, c):
    tokens, scales = stored(20, t, c)
    ids = np.array([19, 0, 7, 7, 3], np.int32)
    out = _core.gather_pairs(tokens, scales, ids, None, target)
    np.testing.assert_array_equal(out, reference.gather_pairs(tokens, scales, ids))


@every_target
def test_writes_into_out_and_nowhere_else(target):
    tokens, scales = stored(4, 3, 5)
    buffer = np.full((4, 3, 5), 9.0, np.float32)
    ids = np.array([2, 1], np.int32)
    out = _core.gather_pairs(tokens, scales, ids, buffer[1:3], target)
    assert out.base is buffer or np.shares_memory(out, buffer)
    np.testing.assert_array_equal(buffer[1:3], reference.gather_pairs(tokens, scales, ids))
    assert (buffer[[0, 3]] == 9).all()


def test_no_ids_give_an_empty_batch():
    tokens, scales = stored(4, 3, 5)
    assert _core.gather_pairs(tokens, scales, np.zeros(0, np.int32)).shape == (0, 3, 5)


def test_a_read_only_memory_map_is_read_in_place(tmp_path: Path):
    tokens, scales = stored(6, 4, 8)
    np.save(tmp_path / "tokens.npy", tokens)
    mapped = np.load(tmp_path / "tokens.npy", mmap_mode="r")
    ids = np.array([5, 0], np.int32)
    out = _core.gather_pairs(mapped, scales, ids)
    np.testing.assert_array_equal(out, reference.gather_pairs(tokens, scales, ids))


@pytest.mark.parametrize("bad", [-1, 4, 2**31 - 1, -(2**31)])
def test_an_id_outside_is_an_index_error(bad):
    tokens, scales = stored(4, 3, 5)
    with pytest.raises(IndexError, match=str(bad)):
        _core.gather_pairs(tokens, scales, np.array([0, bad], np.int32))


def test_wrong_dtype_or_layout_is_refused_not_copied():
    tokens, scales = stored(4, 3, 6)
    ids = np.array([1], np.int32)
    for args in (
        (tokens.astype(np.uint8), scales, ids),
        (tokens[:, :, ::2], scales, ids),
        (tokens, scales.astype(np.float64), ids),
        (tokens, scales, ids.astype(np.int64)),
        (tokens, scales, [1]),
        (tokens, scales, ids, np.zeros((1, 3, 6))),
        (tokens, scales, ids, np.zeros((1, 3, 12), np.float32)[:, :, ::2]),
    ):
        with pytest.raises(TypeError):
            _core.gather_pairs(*args)


def test_wrong_shapes_and_a_read_only_out_are_refused():
    tokens, scales = stored(4, 3, 6)
    ids = np.array([1], np.int32)
    frozen = np.zeros((1, 3, 6), np.float32)
    frozen.flags.writeable = False
    for args in (
        (tokens, scales[:3], ids),
        (tokens[0], scales, ids),
        (tokens, scales, ids[None]),
        (tokens, scales, ids, np.zeros((2, 3, 6), np.float32)),
        (tokens, scales, ids, frozen),
    ):
        with pytest.raises(ValueError, match=r".+"):
            _core.gather_pairs(*args)


def test_other_threads_run_meanwhile():
    tokens, scales = stored(64, 256, 32)
    ids = np.arange(64, dtype=np.int32).repeat(20)
    assert progress_elsewhere(lambda: _core.gather_pairs(tokens, scales, ids, None, "scalar"))
