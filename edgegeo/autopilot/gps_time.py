"""GPS week and time of week, from UTC."""

LEAP_SECONDS = 18  # GPS ahead of UTC since 2017; the IERS has announced no further one
GPS_EPOCH_UNIX_S = 315_964_800  # 1980-01-06
WEEK_MS = 7 * 86_400_000


def gps_week_ms(utc_us: int) -> tuple[int, int]:
    """Return (week since 1980-01-06, milliseconds into it) of a Unix time.

    >>> gps_week_ms(1_700_000_000_000_000)
    (2288, 252818000)
    """
    return divmod(utc_us // 1000 - GPS_EPOCH_UNIX_S * 1000 + LEAP_SECONDS * 1000, WEEK_MS)
