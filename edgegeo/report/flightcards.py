"""The numbers at the top of a flight's report, and those beside its Stanford diagram."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from edgegeo.logs.flown import Flown
from edgegeo.report import pieces
from edgegeo.report.stanford import ALERT_M, PROTECTION, Integrity
from edgegeo.report.timelines import clock

F64 = NDArray[np.float64]


def flight_cards(flown: Flown, error_m: F64) -> str:
    """Return the cards; what the log cannot tell is left out."""
    start_us, end_us = flown.span_us
    count, accepted = len(flown.fixes), int(flown.accepted.sum())
    reasons = Counter(reject for reject in flown.rejects if reject is not None)
    why = ", ".join(f"{n} {pieces.words(name)}" for name, n in reasons.most_common())
    given = flown.given
    known = error_m[given & np.isfinite(error_m)]
    first_us = int(flown.estimates.time_us[given][0]) if given.any() else None
    first = "none" if first_us is None else f"{1e-6 * (first_us - start_us):.1f} s"
    wrong = int((known > ALERT_M).sum())
    return pieces.cards(
        [
            ("flight", clock(1e-6 * (end_us - start_us)), "minutes and seconds"),
            ("frames located", f"{accepted} of {count}", f"not located: {why or 'none'}"),
            (
                "position given",
                pieces.percent(float(given.mean()) if len(given) else None),
                f"of {len(given)} estimates, the first after {first}",
            ),
            ("median error", _quantile(known, 50), f"95 % within {_quantile(known, 95)}"),
            (
                "misleading",
                str(wrong) if len(known) else pieces.UNKNOWN,
                f"of {len(known)} positions with a known error, over {ALERT_M:g} m",
            ),
            ("median 1-sigma", _quantile(flown.estimates.sigma_m[given], 50), "of the position"),
            (
                "age of the last frame",
                _quantile(flown.age_s[given], 50, "s"),
                f"99 % under {_quantile(flown.age_s[given], 99, 's')}",
            ),
            (
                "time to locate",
                _quantile(flown.locate_ms, 50, "ms"),
                f"a frame, 99 % under {_quantile(flown.locate_ms, 99, 'ms')}",
            ),
        ]
    )


def integrity_rows(of: Integrity) -> str:
    """Return the regions of the Stanford diagram as table rows."""
    regions = (
        ("nominal", "error within the protection level", of.nominal),
        ("misleading", "error beyond the protection level", of.misleading),
        ("hazardous", f"error over {ALERT_M:g} m, protection level below", of.hazardous),
        ("unavailable", f"protection level over {ALERT_M:g} m", of.unavailable),
        ("unavailable, misleading", "... and exceeded", of.unavailable_misleading),
    )
    lines = "".join(
        f'<tr><td>{name}<small>{note}</small></td><td class="n">{count}</td>'
        f'<td class="n">{100 * count / of.count:.2f} %</td></tr>'
        for name, note, count in regions
    )
    return (
        f"<p>{of.count} positions. Protection level: {PROTECTION:g} sigma along the worst "
        "direction, which a circular Gaussian error exceeds once in a thousand.</p>"
        f"<table><tbody>{lines}</tbody></table>"
    )


def _quantile(values: F64, percent: float, unit: str = "m") -> str:
    values = values[np.isfinite(values)]
    if not len(values):
        return pieces.UNKNOWN
    return f"{np.percentile(values, percent):.1f} {unit}"
