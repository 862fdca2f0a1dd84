"""One fix as one line of JSON."""

import json
from dataclasses import fields
from typing import Any

from edgegeo.types import Fix


def fix_record(frame: str | int, fix: Fix) -> dict[str, Any]:
    """Return the fix as JSON values; what is unknown is None.

    Degrees are rounded to 8 decimals (1 mm), milliseconds to 3.
    """
    ee, en, nn = fix.cov_m2 if fix.cov_m2 is not None else (None, None, None)
    return {
        "frame": frame,
        "time_us": fix.time_us,
        "accepted": fix.accepted,
        "reject": fix.reject.name if fix.reject is not None else None,
        "lat_deg": _degrees(fix.lat_deg),
        "lon_deg": _degrees(fix.lon_deg),
        "cov_ee_m2": ee,
        "cov_en_m2": en,
        "cov_nn_m2": nn,
        "sigma_m": fix.sigma_m,
        "probability": fix.probability,
        "candidates": [
            {"lat_deg": _degrees(c.lat_deg), "lon_deg": _degrees(c.lon_deg), "score": c.score}
            for c in fix.candidates
        ],
        "timings_ms": {
            f.name: round(getattr(fix.timings_ms, f.name), 3) for f in fields(fix.timings_ms)
        },
    }


def fix_line(frame: str | int, fix: Fix) -> str:
    """Return the fix as one line of strict JSON, without the newline."""
    return json.dumps(fix_record(frame, fix), allow_nan=False)


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 8)
