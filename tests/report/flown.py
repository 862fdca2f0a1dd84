"""A flight of known errors over the made landscape, written by the real log writer."""

import numpy as np

from edgegeo.geodesy import geo_from_enu
from edgegeo.sighting import Estimate, State
from edgegeo.types import Reject, Timings
from tests.report.located import LAT, LON, make_fix

EPOCH_US = 1_790_000_000_000_000
START_US = 5_000_000
SEARCHING_S, BLIND_S = 2.0, (12.0, 15.0)  # the first seconds; a stretch of dead reckoning


def where(second):
    """East and north of the camera: a loop that stays on the map."""
    turn = 2 * np.pi * second / 40
    return 90 * np.cos(turn), 70 * np.sin(turn)


def geo(east_m, north_m):
    lat, lon = geo_from_enu(east_m, north_m, LAT, LON)
    return float(lat), float(lon)


def write_flown(log, seconds=20.0, rate_hz=10, picture=None, truth=True):
    """Write a flight: estimates 3 m east of the truth, 4 m in blindness; every 10th frame none.

    `picture(k)` gives the (h, w, 3) BGR picture of frame k.
    """
    for k in range(round(seconds * rate_hz)):
        second = k / rate_hz
        time_us = START_US + round(1e6 * second)
        east, north = where(second)
        if truth:
            log.add_truth(time_us, *geo(east, north))
        blind = BLIND_S[0] <= second < BLIND_S[1]
        reject = Reject.AMBIGUOUS if k % 10 == 9 or blind else None
        fix = make_fix(
            east + 1.0,
            north,
            reject,
            time_us=time_us,
            timings_ms=Timings(encode=40.0, rank=20.0 + k % 7),
        )
        log.add_fix(k, fix)
        if picture is not None:
            log.add_frame(k, time_us, picture(k))
        log.add_timings(time_us, {"locate": fix.timings_ms.total, "since_exposure": 95.0})
        log.add_estimate(_estimate(second, time_us, east, north, blind), _reason(second))


def _estimate(second, time_us, east, north, blind):
    if second < SEARCHING_S:
        return Estimate(time_us=time_us, state=State.SEARCHING)
    lat, lon = geo(east + (4.0 if blind else 3.0), north)
    sigma_m = 5.0 if blind else 2.0
    return Estimate(
        time_us=time_us,
        state=State.DEAD_RECKONING if blind else State.TRACKING,
        lat_deg=lat,
        lon_deg=lon,
        cov_m2=(sigma_m**2, 0.0, 1.0),
        probability=0.8 if blind else 0.97,
        sighted_us=time_us - (1_500_000 if blind else 100_000),
    )


def _reason(second):
    return "no <sighting>" if BLIND_S[0] <= second < BLIND_S[1] else None
