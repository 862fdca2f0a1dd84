"""Threads that share a search: what is found is the same, and they survive what a program does."""

import os
import threading

import numpy as np
import pytest

from edgegeo import _core
from tests.kernels.other_thread import progress_elsewhere
from tests.kernels.test_topk import every_target, int8_case


def same(found, expected):
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)


@every_target
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("d", [1, 33, 256])
def test_threads_change_nothing(target, threads, d):
    queries, query_scales, gallery, scales = int8_case(d, 5, 9000, d)
    gallery[8000:] = gallery[:1000]  # the same scores in pieces of other threads
    scales[8000:] = scales[:1000]
    scales[[3, 8500]] = np.nan
    ranges = np.array([[0, 40], [41, 43], [300, 8999]])
    bitmap = np.random.default_rng(d).integers(0, 256, 1125, np.uint8)
    pool = _core.Pool(threads)
    assert pool.threads == threads
    for k in (1, 40):
        for options in ({}, {"ranges": ranges}, {"ranges": ranges, "bitmap": bitmap}):
            for groups in ({}, {"groups": np.array([2, 5])}):
                given = dict(query_scales=query_scales, target=target, **options, **groups)
                expected = _core.top_k(queries, gallery, k, scales, **given)
                same(_core.top_k(queries, gallery, k, scales, **given, pool=pool), expected)


def large():
    rows = np.random.default_rng(0).standard_normal((50_000, 32), dtype=np.float32)
    return rows[:2].copy(), rows


def test_callers_of_one_pool_take_turns():
    queries, gallery = large()
    pool, expected = _core.Pool(2), _core.top_k(queries, gallery, 5)
    found, errors = [], []

    def call():
        try:
            found.extend(_core.top_k(queries, gallery, 5, pool=pool) for _ in range(10))
        except Exception as error:
            errors.append(error)

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not errors
    assert len(found) == 40
    for each in found:
        same(each, expected)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # threads are the point
def test_a_forked_child_has_threads_of_its_own():
    queries, gallery = large()
    pool = _core.Pool(3)
    expected = _core.top_k(queries, gallery, 5, pool=pool)  # the threads run
    child = os.fork()
    if child == 0:  # nothing of pytest may run here
        right = False
        try:
            found = _core.top_k(queries, gallery, 5, pool=pool)
            right = all(map(np.array_equal, found, expected))
            right &= len(os.listdir("/proc/self/task")) >= 3
            del pool
        finally:
            os._exit(0 if right else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    same(_core.top_k(queries, gallery, 5, pool=pool), expected)


def test_threads_start_with_the_first_call_and_end_with_the_pool():
    def running():
        return len(os.listdir("/proc/self/task"))

    queries, gallery = large()
    before = running()
    pool = _core.Pool(4)
    assert running() == before
    _core.top_k(queries, gallery, 5, pool=pool)
    assert running() == before + 3
    del pool
    assert running() == before


@pytest.mark.slow
def test_idle_threads_sleep():
    queries, gallery = large()
    pool = _core.Pool(4)
    _core.top_k(queries, gallery, 5, pool=pool)
    threading.Event().wait(0.05)
    before = os.times()
    threading.Event().wait(1.0)
    after = os.times()
    assert (after.user + after.system) - (before.user + before.system) < 0.2


@pytest.mark.parametrize("threads", [0, -1, 1025])
def test_a_number_of_threads_that_makes_no_sense_is_refused(threads):
    with pytest.raises(ValueError, match="threads must be in"):
        _core.Pool(threads)


def test_other_threads_run_meanwhile():
    gallery = np.ones((200_000, 64), np.int8)
    scales, queries = np.ones(200_000, np.float32), np.ones((8, 64), np.float32)
    pool = _core.Pool(2)
    assert progress_elsewhere(
        lambda: _core.top_k(queries, gallery, 1, scales, None, "scalar", pool=pool)
    )
