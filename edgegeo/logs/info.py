"""What a flight log comes to, in a few lines of text."""

from collections import Counter

import numpy as np

from edgegeo.logs.flown import Flown, read_flown
from edgegeo.logs.growing import time_of_day
from edgegeo.logs.mcapread import FlightRecords


def describe(records: FlightRecords) -> str:
    """Return the lines `edgegeo log info` prints. Raises DataError for a damaged log."""
    flown = read_flown(records)
    start_us, end_us = flown.span_us
    end = ", ends early" if records.truncated else ""
    lines = [
        ("log", f"{records.path}{end}"),
        ("started", time_of_day(start_us + flown.epoch_us) if flown.epoch_us else ""),
        ("duration", f"{1e-6 * (end_us - start_us):.1f} s"),
        ("fixes", _fixes(flown)),
        ("estimates", _estimates(flown)),
        ("states", _states(flown)),
        ("error", _error(flown)),
        ("frames", f"{len(flown.pictures)} with a picture"),
    ]
    return "\n".join(f"{name:<10}{text}" for name, text in lines if text)


def _fixes(flown: Flown) -> str:
    count, accepted = len(flown.fixes), int(flown.accepted.sum())
    if not count:
        return "none"
    reasons = Counter(reject for reject in flown.rejects if reject is not None).most_common()
    why = "".join(f", {number} {name}" for name, number in reasons)
    return f"{count}, {accepted} accepted ({100 * accepted / count:.1f} %){why}"


def _estimates(flown: Flown) -> str:
    count = len(flown.estimates)
    given = f", {100 * flown.given.mean():.1f} % a position to go by" if count else ""
    return f"{count}{given}"


def _states(flown: Flown) -> str:
    spent = flown.seconds_in_states()
    return ", ".join(f"{state} {seconds:.1f} s" for state, seconds in spent.items())


def _error(flown: Flown) -> str:
    error_m = flown.error_m()[flown.given]
    error_m = error_m[np.isfinite(error_m)]
    if not len(error_m):
        return ""
    median, high = np.percentile(error_m, (50, 95))
    return f"median {median:.1f} m, 95 % within {high:.1f} m, worst {error_m.max():.1f} m"
