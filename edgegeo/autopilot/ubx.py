"""u-blox UBX-NAV-PVT (class 0x01, id 0x07) for anything that eats a u-blox receiver.

Layout: u-blox F9 HPG 1.32 interface description, section 3.15.13.
"""

import math
import struct
from datetime import timedelta

from edgegeo.autopilot.gps_time import gps_week_ms
from edgegeo.autopilot.nmea import EPOCH
from edgegeo.autopilot.output import SATELLITES, OutputFix
from edgegeo.errors import RangeError

PAYLOAD = struct.Struct("<IHBBBBBBIiBBBBiiiiIIiiiiiIIHH4xihH")
VALID_DATE_TIME_RESOLVED = 0x07
FIX_3D, FIX_OK = 3, 0x01
UNKNOWN_ACCURACY = 2**32 - 1


def nav_pvt(fix: OutputFix, utc_us: int) -> bytes:
    """Return one NAV-PVT frame of 100 bytes; `utc_us` is the Unix time of `fix.time_us`.

    Unknown altitudes and velocities are 0 with the largest accuracy figure. The height above
    the ellipsoid is sent as that above mean sea level, for the geoid is not known here.

    Raises RangeError for a clock that has not been set.
    """
    if utc_us < 1_500_000_000_000_000:
        raise RangeError.of("utc_us", "Unix time in microseconds, after 2017", utc_us)
    when = EPOCH + timedelta(microseconds=utc_us)
    moving = fix.north_m_s is not None and fix.east_m_s is not None
    north_m_s, east_m_s = fix.north_m_s or 0.0, fix.east_m_s or 0.0
    alt_mm = 0 if fix.alt_m is None else round(1000 * fix.alt_m)
    payload = PAYLOAD.pack(
        gps_week_ms(utc_us)[1],
        when.year,
        when.month,
        when.day,
        when.hour,
        when.minute,
        when.second,
        VALID_DATE_TIME_RESOLVED,
        10_000_000,  # tAcc, ns: the computer's clock, not a receiver's
        when.microsecond * 1000,
        FIX_3D,
        FIX_OK,
        0,
        SATELLITES,
        fix.lon_e7,
        fix.lat_e7,
        alt_mm,
        alt_mm,
        round(1000 * fix.sigma_m),
        UNKNOWN_ACCURACY if fix.alt_m is None else round(1000 * fix.alt_sigma_m),
        round(1000 * north_m_s),
        round(1000 * east_m_s),
        0,
        round(1000 * math.hypot(north_m_s, east_m_s)),
        round(math.degrees(math.atan2(east_m_s, north_m_s)) % 360 * 1e5),
        round(1000 * fix.speed_sigma_m_s) if moving else UNKNOWN_ACCURACY,
        18_000_000,  # headAcc, deg 1e-5: the course says nothing of where the nose points
        round(100 * fix.dop),
        0,
        0,
        0,
        0,
    )
    body = struct.pack("<BBH", 0x01, 0x07, len(payload)) + payload
    first = second = 0
    for byte in body:
        first = (first + byte) & 0xFF
        second = (second + first) & 0xFF
    return b"\xb5\x62" + body + bytes((first, second))
