"""A flight log as arrays in order of time: what reports and summaries are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgegeo.geodesy import distance_m
from edgegeo.logs.growing import is_given
from edgegeo.logs.mcapread import FlightRecords
from edgegeo.sighting import Estimate
from edgegeo.types import Fix

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Key = tuple[str, int]  # of a frame: its name as text and its time; names may come again

SINCE_EXPOSURE = "since_exposure"  # among /timings_ms
TRUTH_GAP_US = 2_000_000  # a hole in the truth that is longer is not bridged


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Positions at times, NaN where there was none.

    `cov_m2` (n, 3) is the east-north covariance as (ee, en, nn); `probability` that of an error
    of at most 20 m.
    """

    time_us: I64
    lat_deg: F64
    lon_deg: F64
    cov_m2: F64
    probability: F64

    def __len__(self) -> int:
        return len(self.time_us)

    @property
    def sigma_m(self) -> F64:
        """One standard deviation along the worst direction."""
        ee, en, nn = self.cov_m2.T
        return np.asarray(np.sqrt((ee + nn) / 2 + np.hypot((ee - nn) / 2, en)), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """One flight. Times are those of the log's clock.

    `given` (n,) says which estimates are a position to go by, `age_s` (n,) how old the sighting
    behind each was; `frames` names the fixes, `rejects` says why one is none; `changes` are
    (time_us, state, reason); `pictures` the bytes of each frame's JPEG.
    """

    epoch_us: int
    fixes: Places
    frames: tuple[Key, ...]
    rejects: tuple[str | None, ...]
    locate_ms: F64
    estimates: Places
    given: NDArray[np.bool_]
    age_s: F64
    truth: Places
    late_us: I64
    late_ms: F64  # from exposure to the tracker, where the flight's loop told it
    changes: tuple[tuple[int, str, str | None], ...]
    pictures: dict[Key, int]

    @property
    def span_us(self) -> tuple[int, int]:
        """First and last time of anything in the log; (0, 0) where it is empty."""
        parts = (self.fixes.time_us, self.estimates.time_us, self.truth.time_us, self.late_us)
        times = [t for part in parts if len(part) for t in (int(part.min()), int(part.max()))]
        times += [time_us for time_us, _, _ in self.changes]
        return (min(times), max(times)) if times else (0, 0)

    @property
    def accepted(self) -> NDArray[np.bool_]:
        return np.array([reject is None for reject in self.rejects], np.bool_)

    def error_m(self) -> F64:
        """Distance (n,) of each estimate to the truth, NaN where either is not known.

        The truth is interpolated between two samples at most 2 s apart.
        """
        at, truth = self.estimates, self.truth
        if not len(truth) or not len(at):
            return np.full(len(at), np.nan)
        lat = np.interp(at.time_us, truth.time_us, truth.lat_deg)
        lon = np.interp(at.time_us, truth.time_us, truth.lon_deg)
        after = np.searchsorted(truth.time_us, at.time_us)  # of two samples around, the later
        before = truth.time_us[np.maximum(after - 1, 0)]
        later = truth.time_us[np.minimum(after, len(truth) - 1)]
        known = (later == at.time_us) | (
            (after > 0) & (after < len(truth)) & (later - before <= TRUTH_GAP_US)
        )
        return np.where(known, distance_m(at.lat_deg, at.lon_deg, lat, lon), np.nan)

    def seconds_in_states(self) -> dict[str, float]:
        """Seconds spent in each state, the longest first."""
        spent: dict[str, float] = {}
        ends = [time_us for time_us, _, _ in self.changes[1:]] + [self.span_us[1]]
        for (start_us, state, _), end_us in zip(self.changes, ends, strict=False):
            spent[state] = spent.get(state, 0.0) + 1e-6 * (end_us - start_us)
        return dict(sorted(spent.items(), key=lambda item: -item[1]))


def read_flown(records: FlightRecords) -> Flown:
    """Read a whole log but for its pictures. Raises DataError for a damaged one."""
    fixes: list[tuple[Key, Fix]] = []
    estimates: list[Estimate] = []
    truth: list[tuple[int, float, float]] = []
    late: list[tuple[int, float]] = []
    changes: list[tuple[int, str, str | None]] = []
    pictures: dict[Key, int] = {}
    for topic, time_us, value in records:
        if topic == "/fix/full":
            frame, fix = value
            fixes.append(((str(frame), time_us), _without_candidates(fix)))
        elif topic == "/estimate/full":
            estimates.append(value)
        elif topic == "/truth":
            truth.append((time_us, *value))
        elif topic == "/timings_ms" and SINCE_EXPOSURE in value:
            late.append((time_us, float(value[SINCE_EXPOSURE])))
        elif topic == "/state":
            changes.append((time_us, value["state"], value["reason"]))
        elif topic == "/frame":
            pictures[value[0], time_us] = len(value[1])
    fixes.sort(key=lambda item: item[1].time_us)
    estimates.sort(key=lambda estimate: estimate.time_us)
    truth.sort()
    late.sort()
    return Flown(
        epoch_us=records.epoch_us,
        fixes=_places([fix for _, fix in fixes]),
        frames=tuple(key for key, _ in fixes),
        rejects=tuple(fix.reject.name if fix.reject else None for _, fix in fixes),
        locate_ms=_floats([fix.timings_ms.total for _, fix in fixes]),
        estimates=_places(estimates),
        given=np.array([is_given(e) for e in estimates], np.bool_),
        age_s=_floats([np.nan if e.age_us is None else 1e-6 * e.age_us for e in estimates]),
        truth=Places(
            time_us=np.array([t for t, _, _ in truth], np.int64),
            lat_deg=_floats([lat for _, lat, _ in truth]),
            lon_deg=_floats([lon for _, _, lon in truth]),
            cov_m2=np.zeros((len(truth), 3)),
            probability=np.ones(len(truth)),
        ),
        late_us=np.array([t for t, _ in late], np.int64),
        late_ms=_floats([ms for _, ms in late]),
        changes=tuple(sorted(changes, key=lambda change: change[0])),
        pictures=pictures,
    )


def _without_candidates(fix: Fix) -> Fix:
    """An hour of them would fill the memory of a small computer."""
    return replace(fix, candidates=())


def _places(items: Sequence[Any]) -> Places:
    nothing = (np.nan, np.nan, np.nan)
    return Places(
        time_us=np.array([item.time_us for item in items], np.int64),
        lat_deg=_floats([item.lat_deg for item in items]),
        lon_deg=_floats([item.lon_deg for item in items]),
        cov_m2=_floats([item.cov_m2 or nothing for item in items]).reshape(-1, 3),
        probability=_floats([item.probability for item in items]),
    )


def _floats(values: ArrayLike) -> F64:
    """None becomes NaN."""
    return np.array(values, np.float64)
