"""One output fix for the tests of every message."""

from edgegeo.autopilot.output import OutputFix


def a_fix(**changes) -> OutputFix:
    base = {
        "time_us": 1_000_000,
        "lat_deg": 59.4371234,
        "lon_deg": -24.7534567,
        "cov_m2": (9.0, 0.0, 16.0),
        "alt_m": 150.5,
        "alt_sigma_m": 2.0,
        "north_m_s": 3.0,
        "east_m_s": -4.0,
        "speed_sigma_m_s": 0.5,
        "probability": 0.875,
        "relocated": 2,
    }
    return OutputFix(**{**base, **changes})
