"""PX4 1.18 and later: GLOBAL_POSITION_SENSOR (296), an auxiliary global position."""

import math
from typing import Any

from edgegeo.autopilot.dialect import dialect
from edgegeo.autopilot.output import OutputFix
from edgegeo.errors import RangeError


def global_position_sensor(
    fix: OutputFix,
    sent_us: int,
    *,
    sensor_id: int = 1,
    target_system: int = 1,
    target_component: int = 1,
) -> Any:
    """Return message 296: `time_usec` is that of transmission, `processing_time` the age.

    Args:
        sent_us: now, on the monotonic clock that TIMESYNC carries.
        sensor_id: 1 to 255, what `EKF2_AGPn_ID` holds; 0 would switch the slot off.

    Altitudes are NaN where they are not known: PX4 does not fuse them. `eph` is one standard
    deviation along the worst direction.
    """
    if not 1 <= sensor_id <= 255:
        raise RangeError.of("sensor_id", "in 1..255 (0 switches the slot off)", sensor_id)
    m = dialect()
    return m.MAVLink_global_position_sensor_message(
        target_system,
        target_component,
        sensor_id,
        sent_us,
        max(0, min(sent_us - fix.time_us, 2**32 - 1)),
        m.GLOBAL_POSITION_SRC_VISION,
        0,
        fix.lat_e7,
        fix.lon_e7,
        math.nan,
        math.nan if fix.alt_m is None else fix.alt_m,
        fix.sigma_m,
        math.nan if fix.alt_m is None else fix.alt_sigma_m,
    )
