"""ArduPilot, a single reset while dead reckoning: MAV_CMD_EXTERNAL_POSITION_ESTIMATE (43003)."""

import math
from typing import Any

from edgegeo.autopilot.dialect import dialect
from edgegeo.autopilot.output import OutputFix

WRAP_S = 250.0  # the sender's time is a 32 bit float of seconds; wrapped, it keeps 10 us


def external_position_estimate(
    fix: OutputFix, sent_us: int, *, target_system: int = 1, target_component: int = 1
) -> Any:
    """Return the command as COMMAND_INT (75): latitude and longitude keep their last digits.

    param1 time of transmission, param2 the age at that time (s), param3 one standard deviation
    (m). For a reset on demand: it is refused while a GPS is in use, and is no stream. Not for
    PX4.
    """
    m = dialect()
    return m.MAVLink_command_int_message(
        target_system,
        target_component,
        m.MAV_FRAME_GLOBAL,
        m.MAV_CMD_EXTERNAL_POSITION_ESTIMATE,
        0,
        0,
        sent_us / 1e6 % WRAP_S,
        max(0, sent_us - fix.time_us) / 1e6,
        fix.sigma_m,
        0.0,
        fix.lat_e7,
        fix.lon_e7,
        math.nan,
    )
