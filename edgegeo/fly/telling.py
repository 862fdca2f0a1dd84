"""The output side: at its own rate, from the belief through the gate to the autopilot."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from edgegeo.autopilot.gate import Gate, Silence
from edgegeo.autopilot.telemetry import StateTeller, named_values
from edgegeo.fly.believed import Believed
from edgegeo.fly.outlets import NOT_DUE, Outlet
from edgegeo.fly.vehicle import Vehicle
from edgegeo.logs import FlightLog
from edgegeo.sighting import Estimate

NAMED_VALUES_US = 1_000_000


class Telling:
    """One `tick` a moment of output. `send` takes the telemetry that a ground station shows.

    `last` is the newest estimate; `sent` counts positions that went out, `kept` those that did
    not by the reason.
    """

    def __init__(
        self,
        believed: Believed,
        vehicle: Vehicle,
        gate: Gate,
        outlet: Outlet | None,
        log: FlightLog | None,
        send: Callable[[Any], bool] | None,
    ) -> None:
        self._believed, self._vehicle, self._gate = believed, vehicle, gate
        self._outlet, self._log, self._send = outlet, log, send
        self._teller = StateTeller()
        self._values_us = -NAMED_VALUES_US
        self.last: Estimate | None = None
        self.sent = 0
        self.kept: Counter[str] = Counter()
        self.unsent: str | None = None  # why the last position that passed could not be sent

    def tick(self, now_us: int) -> None:
        estimate, dropped = self._believed.at(now_us)
        self.last = estimate
        passed = self._gate.passes(estimate, now_us, alt_m=_finite(self._vehicle.altitude_m))
        if isinstance(passed, Silence):
            self.kept[passed.name] += 1
        elif self._outlet is not None:
            said = self._outlet(passed, now_us)
            self.unsent = said or None
            if said is None:
                self.sent += 1
            elif said != NOT_DUE:
                self.kept["UNSENT"] += 1
        if self._log is not None:
            reason = dropped or (passed.value if isinstance(passed, Silence) else self.unsent)
            self._log.add_estimate(estimate, reason)
        if self._send is not None:
            for message in self._telemetry(estimate, now_us):
                self._send(message)

    def _telemetry(self, estimate: Estimate, now_us: int) -> list[Any]:
        text = self._teller.tell(estimate.state)
        messages = [] if text is None else [text]
        if now_us - self._values_us >= NAMED_VALUES_US:
            self._values_us = now_us
            messages += named_values(estimate)
        return messages


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
