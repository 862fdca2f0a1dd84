"""gather_pairs against NumPy, on every target this machine can run."""

import ctypes
import mmap
import os
import time
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
@pytest.mark.parametrize(("t", "c"), [(1, 1), (1, 7), (3, 3), (4, 8), (256, 32), (5, 13)])
def test_halves_are_the_nearest_of_the_float32_values(target, t, c):
    tokens, scales = stored(20, t, c)
    scales[:4] = 1e-7, 600, 1 / 3, 2**-14  # below the normal halves, beyond the largest
    ids = np.array([19, 0, 1, 2, 3, 0], np.int32)
    out = _core.gather_pairs(tokens, scales, ids, None, target, True)
    with np.errstate(over="ignore"):
        wanted = reference.gather_pairs(tokens, scales, ids).astype(np.float16)
    assert out.dtype == np.float16
    np.testing.assert_array_equal(out.view(np.uint16), wanted.view(np.uint16))


@pytest.mark.parametrize("half", [False, True])
def test_any_number_of_threads_gives_the_same(half):
    tokens, scales = stored(50, 64, 192)
    ids = np.random.default_rng(1).integers(0, 50, 33, dtype=np.int32)
    alone = _core.gather_pairs(tokens, scales, ids, half=half)
    for threads in (1, 2, 5):
        several = _core.gather_pairs(tokens, scales, ids, half=half, pool=_core.Pool(threads))
        np.testing.assert_array_equal(several, alone)


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
        (tokens, scales, ids, np.zeros((1, 3, 6), np.float16)),
        (tokens, scales, ids, np.zeros((1, 3, 6), np.float32), None, True),
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


def resident(mapped) -> np.ndarray:
    """Which pages of a memory-mapped array are in the system's cache (mincore)."""
    libc = ctypes.CDLL(None, use_errno=True)
    page = mmap.PAGESIZE
    start = mapped.ctypes.data // page * page
    count = -(-(mapped.ctypes.data + mapped.nbytes - start) // page)
    held = (ctypes.c_ubyte * count)()
    size = ctypes.c_size_t(count * page)
    if libc.mincore(ctypes.c_void_p(start), size, held):
        raise OSError(ctypes.get_errno(), "mincore")
    return np.frombuffer(held, np.uint8) & 1 != 0


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="no way to drop a file from the cache")
def test_prefetched_rows_come_into_memory_and_others_do_not(tmp_path: Path):
    tokens, _ = stored(256, 256, 32)  # two pages a row
    path = tmp_path / "tokens.npy"
    np.save(path, tokens)
    mapped = np.asarray(np.load(path, mmap_mode="r"))
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if resident(mapped).any():
        pytest.skip("this file system keeps files in memory")
    _core.prefetch_rows(mapped, np.array([200, 100], np.int32))
    into_page, row_bytes = mapped.ctypes.data % mmap.PAGESIZE, mapped[0].nbytes
    wanted = {
        (into_page + at) // mmap.PAGESIZE
        for row in (100, 200)
        for at in (row * row_bytes, (row + 1) * row_bytes - 1)
    }
    deadline = time.monotonic() + 10
    while not wanted <= (held := set(np.flatnonzero(resident(mapped)).tolist())):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(held) < 40  # of some 512 pages


def test_nothing_is_prefetched_from_elsewhere():
    tokens, _ = stored(4, 3, 5)
    _core.prefetch_rows(tokens, np.array([3, 0], np.int32))  # no file's memory: nothing happens
    with pytest.raises(IndexError, match="4"):
        _core.prefetch_rows(tokens, np.array([4], np.int32))
    with pytest.raises(TypeError):
        _core.prefetch_rows(tokens[:, :, ::2], np.array([0], np.int32))
