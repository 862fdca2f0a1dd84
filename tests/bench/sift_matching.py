r"""The peer: RootSIFT, ratio test and RANSAC against the map, on the frames `evaluate` takes.

    python -m tests.bench.sift_matching --maps MAP... --frames DIR_OR_VIDEO --truth truth.csv \
        --map-gsd 0.5 [--prior-radius-m 200] [--seed 0]

It is told the scale exactly (the truth's), which `evaluate` is not; the prior is the same
circle of the same seed. The map's features are computed once, outside the time per frame.
The second neighbour of the ratio test must lie elsewhere on the ground, so that maps which
overlap do not make every match ambiguous. Prints one Markdown table; --rows writes what
`edgegeo evaluate --rows` writes, for pooling and pairing.
"""

import argparse
import time
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edgegeo.evaluation import metrics
from edgegeo.evaluation.bootstrap import interval_of_rate
from edgegeo.evaluation.noise import Knowledge, NoiseProtocol, disturb
from edgegeo.evaluation.row import Row, blocks_of, write_rows
from edgegeo.geodesy import distance_m, enu_from_geo, geo_from_enu
from edgegeo.maps.satmap import open_maps
from edgegeo.sources import open_frames
from edgegeo.truth import read_truth
from tests.bench.sift_features import MapFeatures, map_features, root_sift

QUERIES_AT_ONCE = 256  # bounds the memory of one product
APART_M = 3.0  # a second neighbour nearer than this shows the same thing
MARGIN_M = 100.0  # features this far outside the prior's circle may be in view


@dataclass(frozen=True)
class Matcher:
    sift: cv2.SIFT
    ratio: float
    inliers: int


def matches(query: np.ndarray, tile: MapFeatures, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (m,) query rows and (m,) map rows of the pairs that pass the ratio test."""
    rows, neighbours = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for first in range(0, len(query) if len(tile.descriptors) > 4 else 0, QUERIES_AT_ONCE):
        cosine = query[first : first + QUERIES_AT_ONCE] @ tile.descriptors.T
        best, near, far = two_neighbours(cosine, tile.enu_m)
        kept = np.flatnonzero(near < ratio * far)
        rows.append(kept + first)
        neighbours.append(best[kept])
    return np.concatenate(rows), np.concatenate(neighbours)


def two_neighbours(cosine: np.ndarray, enu_m: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the best neighbour of each row of (q, n) cosines, which are overwritten, its
    distance, and the distance of the next one that lies elsewhere."""
    every = np.arange(len(cosine))
    best = nth = cosine.argmax(axis=1)
    best_cosine = cosine[every, best]
    second, waiting = np.full(len(cosine), -1.0, np.float32), every
    for _ in range(4):
        cosine[every, nth] = -1
        nth = cosine.argmax(axis=1)
        apart = np.linalg.norm(enu_m[nth] - enu_m[best], axis=1) > APART_M
        found = waiting[apart[waiting]]
        second[found] = cosine[found, nth[found]]
        waiting = waiting[~apart[waiting]]
        if len(waiting) == 0:
            break
    return best, np.sqrt(np.maximum(2 - 2 * best_cosine, 0)), np.sqrt(2 - 2 * second)


def locate(
    image: np.ndarray,
    gsd_m: float,
    map_gsd_m: float,
    tile: MapFeatures,
    known: Knowledge,
    m: Matcher,
) -> tuple[float, float] | None:
    """Return the position of the frame's centre, or None where too few matches agree."""
    if known.prior is not None:
        east, north = enu_from_geo(
            known.prior.lat_deg, known.prior.lon_deg, tile.lat0_deg, tile.lon0_deg
        )
        away = np.hypot(tile.enu_m[:, 0] - east, tile.enu_m[:, 1] - north)
        held = np.flatnonzero(away <= known.prior.radius_m + MARGIN_M)
        tile = replace(
            tile,
            descriptors=tile.descriptors[held],
            geo_deg=tile.geo_deg[held],
            enu_m=tile.enu_m[held],
        )
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    shrink = gsd_m / map_gsd_m
    how = cv2.INTER_AREA if shrink < 1 else cv2.INTER_LINEAR
    small = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=how)
    px, descriptors = root_sift(m.sift, small)
    rows, neighbours = matches(descriptors, tile, m.ratio)
    from_centre = (px[rows] - (np.array(small.shape[1::-1]) - 1) / 2) * map_gsd_m * [1, -1]
    agree = agreeing(from_centre, tile.enu_m[neighbours], 6 * map_gsd_m)[1]
    if agree.sum() < m.inliers:
        return None
    # Once more in metres true at the place itself.
    lat0, lon0 = np.median(tile.geo_deg[neighbours[agree]], axis=0)
    local_m = np.stack(enu_from_geo(*tile.geo_deg[neighbours].T, lat0, lon0), axis=1)
    similarity, agree = agreeing(from_centre, local_m, 3 * map_gsd_m)
    if agree.sum() < m.inliers or not 0.8 < np.hypot(*similarity[:, 0]) < 1.25:
        return None
    lat, lon = geo_from_enu(*similarity[:, 2], lat0, lon0)
    return float(lat), float(lon)


def agreeing(a: np.ndarray, b: np.ndarray, limit_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the similarity (2, 3) from points a to b by RANSAC, and which of them agree."""
    none = np.zeros((2, 3)), np.zeros(len(a), np.bool_)
    if len(a) < 3:
        return none
    similarity, agree = cv2.estimateAffinePartial2D(
        a, b, ransacReprojThreshold=limit_m, maxIters=5000, confidence=0.999
    )
    return none if similarity is None else (similarity, agree.ravel().astype(np.bool_))


def run(args: argparse.Namespace) -> list[Row]:
    """Locate every row of the truth; time of a frame is from pixels to position."""
    source = open_frames(args.frames)
    truth = read_truth(args.truth, numbered=source.numbered)
    known = disturb(truth, NoiseProtocol(prior_radius_m=args.prior_radius_m, seed=args.seed))
    by_name = {row.name: (row, told) for row, told in zip(truth, known, strict=True)}
    matcher = Matcher(cv2.SIFT.create(), args.ratio, args.inliers)
    start = time.perf_counter()
    features = map_features(open_maps(args.maps), args.map_gsd, matcher.sift)
    print(f"{len(features.descriptors)} map features in {time.perf_counter() - start:.0f} s\n")

    done, times_us = {}, {}
    for frame in source.select(list(by_name)):
        row, told = by_name[frame.name]
        if row.gsd_m is None:
            raise SystemExit(
                f"{args.truth}: {row.name} has no gsd_m_per_px, which the peer is told"
            )
        start = time.perf_counter()
        found = locate(frame.image, row.gsd_m, args.map_gsd, features, told, matcher)
        done[frame.name] = found, 1e3 * (time.perf_counter() - start)
        times_us[frame.name] = frame.time_us
    blocks = blocks_of(truth, [times_us[row.name] for row in truth])
    return [
        _row(row.name, block, done[row.name], row.lat_deg, row.lon_deg)
        for row, block in zip(truth, blocks, strict=True)
    ]


def _row(name, block, answer, lat_deg, lon_deg) -> Row:
    found, ms = answer
    return Row(
        frame=name,
        block=block,
        accepted=found is not None,
        reject=None if found else "FEW_INLIERS",
        reranked=False,
        probability=1.0 if found else 0.0,
        error_m=float(distance_m(*found, lat_deg, lon_deg)) if found else None,
        sigmas=None,
        right_at_1_retrieval=False,
        right_at_10_retrieval=False,
        right_at_1_reranked=False,
        no_vision_error_m=0.0,
        ms=ms,
        stages_ms={},
    )


def table(rows: list[Row], seed: int) -> str:
    """Return the Markdown table of a run."""
    accepted = [row.accepted for row in rows]
    errors_m = [np.inf if row.error_m is None else row.error_m for row in rows]
    of_blocks = [row.block for row in rows]
    flags = {f"within_{n}m": metrics.located_within(errors_m, accepted, n) for n in (5, 20, 50)}
    flags["misleading"] = metrics.misleading(errors_m, accepted)
    lines = [
        "| SIFT + RANSAC | value | 95 % interval |",
        "|---|---|---|",
        f"| frames | {len(rows)} | |",
    ]
    for name, values in flags.items():
        low, high = interval_of_rate(values, of_blocks, seed=seed)
        lines.append(f"| {name} | {metrics.rate(values):.3f} | {low:.3f} to {high:.3f} |")
    median_m = metrics.quantile_m([row.error_m for row in rows if row.accepted], 0.5)
    lines.append(
        f"| median error of accepted, m | {'-' if median_m is None else f'{median_m:.1f}'} | |"
    )
    for q in (0.5, 0.99):
        lines.append(
            f"| p{100 * q:.0f} ms a frame | {np.quantile([r.ms for r in rows], q):.0f} | |"
        )
    return "\n".join(lines)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--maps", nargs="+", required=True)
    p.add_argument("--frames", required=True)
    p.add_argument("--truth", required=True)
    p.add_argument("--map-gsd", type=float, required=True, help="metres a pixel to match at")
    p.add_argument("--prior-radius-m", type=float)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--ratio", type=float, default=0.8)
    p.add_argument("--inliers", type=int, default=10, help="fewer is a reject")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--rows", help="write one JSON line a frame here")
    args = p.parse_args()
    cv2.setNumThreads(args.threads)
    rows = run(args)
    if args.rows:
        write_rows(args.rows, rows)
    print(table(rows, args.seed))


if __name__ == "__main__":
    main()
