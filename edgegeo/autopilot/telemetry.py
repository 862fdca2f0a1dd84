"""What a ground station sees of us: HEARTBEAT, probability and accuracy, changes of state."""

from typing import Any

from edgegeo.autopilot.dialect import dialect
from edgegeo.sighting import Estimate, State

HEARTBEAT_S = 1.0


def heartbeat() -> Any:
    """Return HEARTBEAT (0) of an onboard computer; to be sent once a second."""
    m = dialect()
    return m.MAVLink_heartbeat_message(
        m.MAV_TYPE_ONBOARD_CONTROLLER, m.MAV_AUTOPILOT_INVALID, 0, 0, m.MAV_STATE_ACTIVE, 3
    )


def named_values(estimate: Estimate) -> list[Any]:
    """Return NAMED_VALUE_FLOAT (251) EG_PROB and, where there is one, EG_SIGMA in metres."""
    m = dialect()
    boot_ms = estimate.time_us // 1000 % 2**32
    values = {b"EG_PROB": estimate.probability, b"EG_SIGMA": estimate.sigma_m}
    return [
        m.MAVLink_named_value_float_message(boot_ms, name, value)
        for name, value in values.items()
        if value is not None
    ]


class StateTeller:
    """Gives a STATUSTEXT (253) whenever the state changes, and at the first word."""

    def __init__(self) -> None:
        self._last: State | None = None

    def tell(self, state: State) -> Any | None:
        if state is self._last:
            return None
        self._last = state
        m = dialect()
        bad = state in (State.LOST, State.SEARCHING)
        severity = m.MAV_SEVERITY_WARNING if bad else m.MAV_SEVERITY_INFO
        return statustext(f"edgegeo {state.name}: {state.value}", severity)


def statustext(text: str, severity: int) -> Any:
    """Return STATUSTEXT; what is longer than 50 bytes is cut, what is not ASCII replaced."""
    return dialect().MAVLink_statustext_message(
        severity, text.encode("ascii", "replace")[:50], 0, 0
    )
