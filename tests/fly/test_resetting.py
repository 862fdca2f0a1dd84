"""One reset: until it is taken, a second apart, with what the autopilot answers."""

import pytest

pytest.importorskip("pymavlink")

from edgegeo.fly.outlets import NOT_DUE
from edgegeo.fly.resetting import COMMAND, Resetting
from tests.autopilot.fixes import a_fix

SECOND = 1_000_000
UNANSWERED = "the autopilot has not answered the reset"


class Line:
    """A double of the line: `answers` stays what the test puts there."""

    def __init__(self):
        self.answers, self.sent_us = {COMMAND: None}, []

    def __call__(self, _fix, now_us):
        self.sent_us.append(now_us)


def test_it_is_sent_each_second_until_it_is_accepted_and_counts_once():
    line, fix = Line(), a_fix()
    reset = Resetting(line, line.answers)
    assert [reset(fix, t * SECOND // 5) for t in range(6)] == [NOT_DUE] * 5 + [UNANSWERED]
    assert line.sent_us == [0, SECOND]
    line.answers[COMMAND] = 4
    assert "does not reckon" in reset(fix, SECOND + 1)
    assert line.sent_us == [0, SECOND]
    assert "does not reckon" in reset(fix, 2 * SECOND)
    line.answers[COMMAND] = 0
    assert reset(fix, 2 * SECOND + 1) is None
    assert reset(fix, 20 * SECOND) == NOT_DUE
    assert len(line.sent_us) == 3


def test_another_one_is_sent_when_it_is_asked_for():
    line, fix = Line(), a_fix()
    reset = Resetting(line, line.answers)
    reset(fix, 0)
    line.answers[COMMAND] = 0
    assert reset(fix, 1) is None
    reset.ask()
    assert reset(fix, 2) == NOT_DUE
    assert line.sent_us == [0, 2]


def test_a_line_that_takes_nothing_says_so_itself():
    reset = Resetting(lambda _fix, _now: "no", {})
    assert reset(a_fix(), 0) == "no"
