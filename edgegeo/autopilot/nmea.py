"""NMEA 0183 for anything that eats a GPS: GST for the accuracy, GGA, and RMC."""

import math
from datetime import datetime, timedelta, timezone

from edgegeo.autopilot.output import SATELLITES, OutputFix
from edgegeo.errors import RangeError

KNOTS = 3600 / 1852  # in one metre per second
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def sentences(fix: OutputFix, utc_us: int, *, without_velocity: bool = False) -> bytes:
    """Return GST, GGA and RMC of one fix, each with its checksum and line end.

    Args:
        utc_us: Unix time of `fix.time_us`.
        without_velocity: the autopilot fuses none of a GPS; then RMC has none.

    GST comes first, for PX4 takes RMC for the end of a fix. GGA has no accuracy but HDOP: it is
    the accuracy over 5 m; GST has the ellipse. An unknown altitude is an empty field. So would an
    unknown velocity be, but PX4 reads that as zero and fuses it: such a fix is refused.

    Raises RangeError for a velocity that is not known, unless `without_velocity`; and for a clock
    that has not been set: a receiver's time must not be made up.
    """
    if utc_us < 1_500_000_000_000_000:
        raise RangeError.of("utc_us", "Unix time in microseconds, after 2017", utc_us)
    moving = fix.north_m_s is not None and fix.east_m_s is not None
    if not (moving or without_velocity):
        raise RangeError.of(
            "velocity",
            "known, or not fused by the autopilot and without_velocity given",
            (fix.north_m_s, fix.east_m_s),
        )
    motion = "," if without_velocity else _motion(fix)
    when = EPOCH + timedelta(milliseconds=round(utc_us / 1000))
    clock = when.strftime("%H%M%S.") + f"{when.microsecond // 1000:03d}"
    place = f"{_angle(fix.lat_deg, 2, 'NS')},{_angle(fix.lon_deg, 3, 'EW')}"
    alt = "" if fix.alt_m is None else f"{fix.alt_m:.2f}"
    gga = f"GPGGA,{clock},{place},1,{SATELLITES:02d},{fix.dop:.1f},{alt},M,,M,,"
    rmc = f"GPRMC,{clock},A,{place},{motion},{when:%d%m%y},,,A"
    return b"".join(map(_line, (_gst(fix, clock), gga, rmc)))


def _gst(fix: OutputFix, clock: str) -> str:
    """Standard deviations: range, the ellipse's axes and its direction, lat, lon, alt (m)."""
    ee, en, nn = fix.cov_m2
    mean, out = (ee + nn) / 2, math.hypot((ee - nn) / 2, en)
    major, minor = math.sqrt(mean + out), math.sqrt(max(0.0, mean - out))
    direction = math.degrees(math.atan2(2 * en, nn - ee) / 2) % 180.0  # from true north
    up = "" if fix.alt_m is None else f"{fix.alt_sigma_m:.2f}"
    return (
        f"GPGST,{clock},{fix.sigma_m:.2f},{major:.2f},{minor:.2f},{direction:.1f},"
        f"{math.sqrt(nn):.2f},{math.sqrt(ee):.2f},{up}"
    )


def _motion(fix: OutputFix) -> str:
    """Speed in knots and course over ground in degrees."""
    north_m_s, east_m_s = float(fix.north_m_s or 0.0), float(fix.east_m_s or 0.0)
    course = math.degrees(math.atan2(east_m_s, north_m_s)) % 360.0
    return f"{KNOTS * math.hypot(north_m_s, east_m_s):.2f},{course:.1f}"


def _angle(value_deg: float, digits: int, sides: str) -> str:
    """Degrees and decimal minutes; whole numbers first, so that 59.9999999 never shows as 60."""
    parts = round(abs(value_deg) * 60 * 1_000_000)
    minutes, fraction = divmod(parts, 1_000_000)
    degrees, minutes = divmod(minutes, 60)
    return f"{degrees:0{digits}d}{minutes:02d}.{fraction:06d},{sides[value_deg < 0]}"


def _line(body: str) -> bytes:
    checksum = 0
    for byte in body.encode("ascii"):
        checksum ^= byte
    return f"${body}*{checksum:02X}\r\n".encode("ascii")
