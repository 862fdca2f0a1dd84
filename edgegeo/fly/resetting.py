"""A single reset of the autopilot's position: sent until it is taken, then no more."""

from collections.abc import Mapping

from edgegeo.autopilot.output import OutputFix
from edgegeo.fly.outlets import NOT_DUE, Outlet

COMMAND = 43003  # MAV_CMD_EXTERNAL_POSITION_ESTIMATE
ACCEPTED = 0  # of MAV_RESULT
REFUSED = {
    1: "for now: a GPS is in use, or it has no position to reset yet",
    2: "as not allowed",
    3: "as unknown: its firmware was built without it",
    4: "as failed: a GPS is in use, it does not reckon, or its origin is not set",
}
AGAIN_US = 1_000_000


class Resetting:
    """An Outlet that sends one reset, again each second until the autopilot accepts it.

    Args:
        outlet: sends the command.
        answers: what came back, by command, as `Link.answers`.

    It counts as sent once it is accepted. `ask`, of any thread, makes it send another one.
    """

    def __init__(self, outlet: Outlet, answers: Mapping[int, int | None]) -> None:
        self._outlet, self._answers = outlet, answers
        self._asked, self._done = True, False
        self._sent_us: int | None = None
        self._said = NOT_DUE

    def ask(self) -> None:
        self._asked = True

    def __call__(self, fix: OutputFix, now_us: int) -> str | None:
        if self._asked:
            self._asked, self._done, self._sent_us, self._said = False, False, None, NOT_DUE
        if self._done:
            return NOT_DUE
        if self._sent_us is not None:
            answer = self._answers.get(COMMAND)
            if answer == ACCEPTED:
                self._done = True
                return None
            due = now_us - self._sent_us >= AGAIN_US
            if due or answer is not None:
                self._said = _refusal(answer)
            if not due:
                return self._said
        self._sent_us = now_us
        return self._outlet(fix, now_us) or self._said


def _refusal(answer: int | None) -> str:
    if answer is None:
        return "the autopilot has not answered the reset"
    return f"the autopilot refused the reset {REFUSED.get(answer, f'with result {answer}')}"
