"""The numbers at the top of a report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from edgegeo.geodesy import distance_m
from edgegeo.types import Fix, Timings

Name = str | int
Row = tuple[Name, Fix]
Truth = Mapping[Name, tuple[float, float]]  # frame name to (lat_deg, lon_deg)

STAGES = tuple(field.name for field in fields(Timings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a flight comes to. Errors are None without truth."""

    frames: int
    accepted: int
    rejects: tuple[tuple[str, int], ...]  # (reason, frames), most frequent first
    within_20m: float | None  # share of the frames with truth: accepted and right
    median_error_m: float | None  # of accepted frames with truth
    p95_error_m: float | None
    median_sigma_m: float | None  # of accepted frames
    stages_ms: tuple[tuple[str, float], ...]  # median of each stage

    @property
    def total_ms(self) -> float:
        return sum(ms for _, ms in self.stages_ms)


def error_m(fix: Fix, truth: tuple[float, float] | None) -> float | None:
    """Return the distance of a fix, or of a reject's best guess, to where the frame was."""
    if truth is None or fix.lat_deg is None or fix.lon_deg is None:
        return None
    return float(distance_m(fix.lat_deg, fix.lon_deg, *truth))


def figures(rows: Sequence[Row], truth: Truth | None = None) -> Figures:
    """Sum up a flight."""
    truth = truth or {}
    accepted = [(name, fix) for name, fix in rows if fix.accepted]
    known = sum(name in truth for name, _ in rows)
    errors = [e for name, fix in accepted if (e := error_m(fix, truth.get(name))) is not None]
    sigmas = [fix.sigma_m for _, fix in accepted if fix.sigma_m is not None]
    reasons = Counter(fix.reject.name for _, fix in rows if fix.reject is not None)
    stages = [
        (stage, float(np.median([getattr(fix.timings_ms, stage) for _, fix in rows])))
        for stage in STAGES
        if rows
    ]
    return Figures(
        frames=len(rows),
        accepted=len(accepted),
        rejects=tuple(reasons.most_common()),
        within_20m=sum(e <= 20 for e in errors) / known if known else None,
        median_error_m=float(np.median(errors)) if errors else None,
        p95_error_m=float(np.percentile(errors, 95)) if errors else None,
        median_sigma_m=float(np.median(sigmas)) if sigmas else None,
        stages_ms=tuple(stages),
    )
