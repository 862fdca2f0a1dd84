"""ArduPilot, as a GPS by MAVLink: GPS_INPUT (232)."""

from typing import Any

from edgegeo.autopilot.dialect import dialect
from edgegeo.autopilot.gps_time import gps_week_ms
from edgegeo.autopilot.output import SATELLITES, OutputFix
from edgegeo.errors import RangeError

FIX_3D = 3


def gps_input(
    fix: OutputFix, utc_us: int, *, gps_id: int = 0, without_velocity: bool = False
) -> Any:
    """Return message 232.

    Args:
        utc_us: Unix time of `fix.time_us`, for the GPS week and time of week; 0 where the
            computer's clock has not been set: then the week is 0 and ArduPilot dates the fix
            by its arrival.
        without_velocity: the autopilot has `EK3_SRC1_VELXY` = 0 and `EK3_SRC1_VELZ` = 0.

    A velocity that is marked as ignored is fused as zero by ArduPilot unless those are set, so
    a fix without one is refused unless they are said to be. Vertical velocity is never known:
    `EK3_SRC1_VELZ` = 0 is needed in any case. HDOP is the accuracy over 5 m.

    Raises RangeError for a fix without a velocity, when that is not allowed.
    """
    m = dialect()
    ignore = (
        m.GPS_INPUT_IGNORE_FLAG_VEL_VERT
        | m.GPS_INPUT_IGNORE_FLAG_VDOP
        | (m.GPS_INPUT_IGNORE_FLAG_ALT if fix.alt_m is None else 0)
        | (m.GPS_INPUT_IGNORE_FLAG_VERTICAL_ACCURACY if fix.alt_m is None else 0)
    )
    moving = fix.north_m_s is not None and fix.east_m_s is not None
    if without_velocity or not moving:
        if not without_velocity:
            raise RangeError.of(
                "velocity",
                "known, or EK3_SRC1_VELXY = 0 set and without_velocity given",
                (fix.north_m_s, fix.east_m_s),
            )
        ignore |= m.GPS_INPUT_IGNORE_FLAG_VEL_HORIZ | m.GPS_INPUT_IGNORE_FLAG_SPEED_ACCURACY
        north_m_s = east_m_s = 0.0
    else:
        north_m_s, east_m_s = float(fix.north_m_s or 0.0), float(fix.east_m_s or 0.0)
    week, week_ms = gps_week_ms(utc_us) if utc_us else (0, 0)
    return m.MAVLink_gps_input_message(
        fix.time_us,
        gps_id,
        ignore,
        week_ms,
        week,
        FIX_3D,
        fix.lat_e7,
        fix.lon_e7,
        0.0 if fix.alt_m is None else fix.alt_m,
        fix.dop,
        0.0,
        north_m_s,
        east_m_s,
        0.0,
        0.0 if without_velocity else fix.speed_sigma_m_s,
        fix.sigma_m,
        0.0 if fix.alt_m is None else fix.alt_sigma_m,
        SATELLITES,
        0,  # yaw: not available
    )
