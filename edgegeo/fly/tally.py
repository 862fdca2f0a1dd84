"""What became of the frames, and what is wrong at present: each said once when it begins."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from enum import Enum

from edgegeo.types import Fix, Reject


class Skip(Enum):
    """Why a frame was not looked at."""

    NO_ATTITUDE = "the autopilot's attitude at the exposure is not known"
    NO_HEIGHT = "no height above ground is known at the exposure"
    OLD = "the exposure time is far from this computer's clock: check the camera's delay"
    BACK = "the exposure is not after that of the last frame"
    FAILED = "the frame could not be looked at"


class Tally:
    """Counts of frames by what became of them: "accepted", a Reject's or a Skip's name."""

    def __init__(self) -> None:
        self.frames: Counter[str] = Counter()

    def count(self, outcome: Fix | Skip | Reject) -> None:
        reject = outcome.reject if isinstance(outcome, Fix) else outcome
        self.frames["accepted" if reject is None else reject.name] += 1

    @property
    def accepted(self) -> int:
        return self.frames["accepted"]

    @property
    def looked_at(self) -> int:
        return sum(self.frames.values()) - self.skipped

    @property
    def skipped(self) -> int:
        return sum(self.frames[skip.name] for skip in Skip)


class Problems:
    """Sentences that hold at present; `say` is called with each that begins.

    One that comes and goes is not said again within `quiet_us`. Numbers do not tell one sentence
    from another: counts change all the time.
    """

    def __init__(self, say: Callable[[int, str], None], *, quiet_us: int = 10_000_000) -> None:
        self.now: tuple[str, ...] = ()
        self._say, self._quiet_us = say, quiet_us
        self._held: set[str] = set()
        self._said_us: dict[str, int] = {}

    def update(self, now_us: int, sentences: Iterable[str]) -> None:
        """Take all that holds now."""
        self.now = tuple(dict.fromkeys(sentences))
        kinds = {re.sub(r"\d+", "#", sentence): sentence for sentence in self.now}
        for kind, sentence in kinds.items():
            last_us = self._said_us.get(kind)
            if kind not in self._held and (last_us is None or now_us - last_us >= self._quiet_us):
                self._said_us[kind] = now_us
                self._say(now_us, sentence)
        self._held = set(kinds)
        self._said_us = {
            kind: said_us
            for kind, said_us in self._said_us.items()
            if kind in kinds or now_us - said_us < self._quiet_us
        }
