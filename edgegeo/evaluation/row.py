"""The record of one evaluated frame: all that the summary, pooling and pairing need."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path

import numpy as np

from edgegeo import durable
from edgegeo.errors import DataError
from edgegeo.evaluation.metrics import mahalanobis
from edgegeo.geodesy import distance_m, enu_from_geo
from edgegeo.truth import TruthRow
from edgegeo.types import Fix

MOST_SIGMAS = 1e6  # JSON knows no infinity
BLOCK_US = 2_000_000  # frames of a video closer than this are not independent


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One frame's outcome. `error_m` and `sigmas` are None without a position."""

    frame: str | int
    block: str
    accepted: bool
    reject: str | None
    reranked: bool
    probability: float
    error_m: float | None
    sigmas: float | None  # Mahalanobis distance of the truth under the fix's covariance
    right_at_1_retrieval: bool
    right_at_10_retrieval: bool
    right_at_1_reranked: bool
    no_vision_error_m: float
    ms: float
    stages_ms: dict[str, float]


def blocks_of(truth: Sequence[TruthRow], time_us: Sequence[int]) -> list[str]:
    """Name the bootstrap block of each frame: its place, 2 s of a video, or the frame itself.

    One place for all is no division into places and is passed over.
    """
    by_place = len({row.place for row in truth}) > 1
    return [_block(row, t, by_place) for row, t in zip(truth, time_us, strict=True)]


def _block(row: TruthRow, time_us: int, by_place: bool) -> str:
    if by_place and row.place is not None:
        return f"place {row.place}"
    if isinstance(row.name, int):
        return f"seconds {2 * (time_us // BLOCK_US)}"
    return f"file {row.name}"


def judge(
    fix: Fix,
    truth: TruthRow,
    *,
    tile_m: float,
    no_vision_deg: tuple[float, float],
    block: str,
    ms: float,
) -> Row:
    """Compare one fix with its truth.

    A candidate is right when the centre it gives is within half a tile of the truth: as
    retrieval has it, or as ranking has it. `no_vision_deg` is the position one would answer
    with without looking.
    """
    error_m = sigmas = None
    if fix.lat_deg is not None and fix.lon_deg is not None:
        east_m, north_m = enu_from_geo(fix.lat_deg, fix.lon_deg, truth.lat_deg, truth.lon_deg)
        error_m = float(np.hypot(east_m, north_m))
        if fix.cov_m2 is not None:
            sigmas = min(mahalanobis(float(east_m), float(north_m), fix.cov_m2), MOST_SIGMAS)

    by_retrieval = sorted(fix.candidates, key=lambda c: -c.retrieval)

    def is_right(positions: list[tuple[float, float]]) -> bool:
        lat, lon = np.array(positions).reshape(-1, 2).T
        return bool((distance_m(lat, lon, truth.lat_deg, truth.lon_deg) <= tile_m / 2).any())

    found = [(c.found_lat_deg, c.found_lon_deg) for c in by_retrieval]
    final = [(c.lat_deg, c.lon_deg) for c in fix.candidates]
    stages = fix.timings_ms
    return Row(
        frame=truth.name,
        block=block,
        accepted=fix.accepted,
        reject=fix.reject.name if fix.reject else None,
        reranked=fix.reranked,
        probability=fix.probability,
        error_m=error_m,
        sigmas=sigmas,
        right_at_1_retrieval=is_right(found[:1]),
        right_at_10_retrieval=is_right(found[:10]),
        right_at_1_reranked=is_right(final[:1]),
        no_vision_error_m=float(distance_m(*no_vision_deg, truth.lat_deg, truth.lon_deg)),
        ms=ms,
        stages_ms={f.name: getattr(stages, f.name) for f in fields(stages)},
    )


def row_json(row: Row) -> str:
    """Return one line of JSON."""
    return json.dumps({f.name: getattr(row, f.name) for f in fields(row)}, allow_nan=False)


def write_rows(path: str | PathLike[str], rows: Iterable[Row]) -> None:
    """Write one JSON line a frame."""
    durable.write_file(Path(path), "".join(row_json(row) + "\n" for row in rows).encode())


def read_rows(path: str | PathLike[str]) -> list[Row]:
    """Read what `write_rows` wrote: to pool runs, or to compare them frame by frame."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        return [Row(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} is not a file of evaluated rows: {error}") from error
