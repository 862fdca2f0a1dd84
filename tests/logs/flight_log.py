"""A flight log of ten seconds with every kind of record. As a program: writes until it is killed.

python -m tests.logs.flight_log PATH [LIMIT_BYTES]
"""

import sys

import numpy as np

from edgegeo.logs import FlightLog
from edgegeo.sighting import Estimate, State
from edgegeo.types import Candidate, Fix, Reject, Timings

EPOCH_US = 1_790_000_000_000_000
ACCEPTED = Fix(
    time_us=1_000_000,
    lat_deg=34.123456789012,
    lon_deg=-117.5,
    cov_m2=(4.0, 0.5, 1.0),
    probability=0.97,
    candidates=(
        Candidate(
            tile=3,
            lat_deg=34.1,
            lon_deg=-117.5,
            found_lat_deg=34.2,
            found_lon_deg=-117.6,
            retrieval=0.8,
            score=-0.1,
        ),
    ),
    timings_ms=Timings(rectify=1.23456),
    reranked=True,
)
NOTHING = Fix(
    time_us=2_000_000,
    lat_deg=None,
    lon_deg=None,
    cov_m2=None,
    probability=0.0,
    reject=Reject.NO_CANDIDATE,
)
IMAGE = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)


def estimate(second: int, state: State = State.TRACKING) -> Estimate:
    if state is State.SEARCHING:
        return Estimate(time_us=second * 10**6, state=state)
    return Estimate(
        time_us=second * 10**6,
        state=state,
        lat_deg=34.1 + 1e-4 * second,
        lon_deg=-117.5,
        cov_m2=(2.0, 0.1, 3.0),
        north_m_s=11.1,
        east_m_s=0.0,
        probability=0.99,
        sighted_us=second * 10**6 - 200_000,
    )


ESTIMATES = [
    estimate(0, State.SEARCHING),
    *(estimate(s) for s in range(1, 5)),
    estimate(5, State.LOST),
    *(estimate(s) for s in range(6, 10)),
]


def write_flight(log: FlightLog) -> None:
    log.add_fix("a & b.jpg", ACCEPTED)
    log.add_fix(7, NOTHING)
    log.add_truth(1_000_000, 34.1234, -117.5)
    log.add_timings(1_000_000, {"locate": 88.5, "send": 0.25})
    log.add_frame(7, 2_000_000, IMAGE)
    for line in ESTIMATES:
        log.add_estimate(line, reason="first fix" if line.time_us == 1_000_000 else None)


def main(path: str, limit_bytes: str = "") -> None:
    if limit_bytes:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit_bytes), int(limit_bytes)))
    rounds = 50 if limit_bytes else 10**9
    with FlightLog(path, EPOCH_US) as log:
        for count in range(rounds):
            write_flight(log)
            print(count, log.failed is not None, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
