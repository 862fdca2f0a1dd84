"""Offset and drift of a made clock: with jitter, outliers, and a restart."""

import numpy as np
import pytest

from edgegeo.timesync import TimeSync

S = 1_000_000


def ask(sync, ours_us, offset_us, there_us=1000, back_us=1000):
    """One round trip to a clock that is `offset_us` ahead of ours."""
    return sync.add(ours_us, round(ours_us + there_us + offset_us), ours_us + there_us + back_us)


def test_three_quick_answers_give_the_offset():
    sync = TimeSync()
    for i in range(3):
        assert sync.ours_us(0) is None
        assert ask(sync, 100 * S + i * S, 7 * S)
    assert sync.ours_us(110 * S) == 103 * S
    assert sync.peer_us(103 * S) == 110 * S


def test_drift_is_found_under_jitter_and_late_answers():
    """50 ppm and random ways there and back: within 1 ms, half of the shortest round trips."""
    rng = np.random.default_rng(0)
    sync, drift = TimeSync(), 50e-6
    for i in range(60):
        ours = 100 * S + i * S
        late = 80_000 if i % 5 == 0 else 0
        there, back = 500 + rng.exponential(1500, 2)
        ask(sync, ours, 3 * S + drift * i * S, int(there) + late, int(back))
    at = 160 * S
    truth = at + 3 * S + drift * 60 * S
    assert sync.peer_us(at) == pytest.approx(truth, abs=1000)
    assert sync.drift == pytest.approx(drift, abs=30e-6)
    assert sync.ours_us(sync.peer_us(at)) == pytest.approx(at, abs=2)


def test_one_answer_far_off_is_passed_over():
    sync = TimeSync()
    for i in range(5):
        ask(sync, i * S + S, 7 * S)
    assert not ask(sync, 7 * S, 9 * S)
    assert sync.peer_us(8 * S) == 15 * S
    assert sync.restarts == 0


def test_a_restarted_autopilot_is_believed_the_third_time():
    sync = TimeSync()
    for i in range(5):
        ask(sync, 100 * S + i * S, 7 * S)
    said = [ask(sync, 110 * S + i * S, -100 * S) for i in range(3)]
    assert said == [False, False, True]
    assert sync.restarts == 1
    assert sync.peer_us(113 * S) == 13 * S


def test_a_restart_seen_otherwise_empties_it_at_once():
    sync = TimeSync()
    for i in range(3):
        ask(sync, S + i * S, 7 * S)
    sync.restart()
    assert not sync.ready
    assert sync.ours_us(9 * S) is None


def test_answers_that_cannot_be_are_refused():
    sync = TimeSync()
    assert not sync.add(10, 5, 9)  # before it was asked
    assert not sync.add(0, 5, 600_000)  # too late to tell anything
    assert not sync.add(0, 0, 10)  # no time
