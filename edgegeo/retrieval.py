"""The tiles that the crops of one frame look most like, and where each puts the frame."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy, search
from edgegeo.agreement import Found
from edgegeo.copies import Look
from edgegeo.gallery import Gallery

DEPTH = 64  # tiles of each crop that may agree with those of the others
LEAST_ROWS = 1024  # fewer are not worth another thread

Float32 = NDArray[np.float32]


class Pool:
    """Threads that share the rows of a search; the kernel lets go of the interpreter."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)

    def top_k(
        self,
        queries: Float32,
        ends: NDArray[np.int64],
        gallery: Gallery,
        k: int,
        ranges: NDArray[np.int64] | None,
    ) -> search.GroupMatches:
        """`search.top_k_of_groups` of float32 queries over a gallery, in int8."""
        int8, scales = search.quantise_rows(queries)

        def part(rows: NDArray[np.int64]) -> search.GroupMatches:
            return search.top_k_of_groups(
                int8,
                ends,
                gallery.embeddings,
                k,
                scales=gallery.embedding_scales,
                query_scales=scales,
                ranges=rows,
            )

        if ranges is None:
            ranges = np.array([[0, len(gallery)]])
        found = list(self._pool.map(part, shares(ranges, self._threads)))
        return found[0] if len(found) == 1 else best_of(found, k)


def shares(ranges: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """Cut ranges of rows into at most `count` parts of like size, none below LEAST_ROWS.

    >>> [part.tolist() for part in shares(np.array([[0, 3000], [5000, 6000]]), 2)]
    [[[0, 2000]], [[2000, 3000], [5000, 6000]]]
    """
    before = np.concatenate(([0], np.diff(ranges, axis=1).ravel().cumsum()))
    count = max(1, min(count, int(before[-1]) // LEAST_ROWS))
    cuts = np.linspace(0, before[-1], count + 1).astype(np.int64)
    parts = []
    for start, stop in itertools.pairwise(cuts.tolist()):
        inside = np.clip(np.stack([before[:-1], before[1:]], axis=1), start, stop)
        part = inside - before[:-1, None] + ranges[:, :1]
        parts.append(part[part[:, 0] < part[:, 1]])
    return parts


def best_of(found: list[search.GroupMatches], k: int) -> search.GroupMatches:
    """Return the best `k` of each group over parts of a gallery; ties go to the lower row."""
    ids = np.concatenate([part.ids for part in found], axis=1)
    scores = np.concatenate([part.scores for part in found], axis=1)
    queries = np.concatenate([part.queries for part in found], axis=1)
    padding_last = ids.view(np.uint32)
    order = np.lexsort((padding_last, -scores), axis=1)[:, :k]
    return search.GroupMatches(
        *(np.take_along_axis(each, order, axis=1) for each in (ids, scores, queries))
    )


def find(
    gallery: Gallery,
    looks: list[Look],
    embeddings: Float32,
    moves: Float32,
    *,
    ranges: NDArray[np.int64] | None,
    pool: Pool,
) -> Found:
    """Return the DEPTH best tiles of each crop.

    embeddings (l, m, d) of m moves of each look; moves (m, 3): degrees that the heading is more
    than the look supposes, and how far the crop's centre lies east and north of the tile's, in
    tile sides.
    """
    count, width = embeddings.shape[1:]
    crop_of = np.array([look.crop for look in looks])
    by_crop = np.argsort(crop_of, kind="stable")
    crops, looks_of = np.unique(crop_of, return_counts=True)
    matches = pool.top_k(
        embeddings[by_crop].reshape(-1, width),
        count * looks_of.cumsum(),
        gallery,
        min(DEPTH, len(gallery)),
        ranges,
    )
    held = matches.ids >= 0
    tile, cosine = matches.ids[held].astype(np.int64), matches.scores[held].astype(np.float64)
    crop = np.broadcast_to(crops[:, None], held.shape)[held]
    query = matches.queries[held].astype(np.int64)
    look, move = by_crop[query // count], query % count

    lat0, lon0 = float(gallery.lat_deg[tile[0]]), float(gallery.lon_deg[tile[0]])
    east, north = geodesy.enu_from_geo(gallery.lat_deg[tile], gallery.lon_deg[tile], lat0, lon0)
    turn, shift_m = moves[:, 0].astype(np.float64), moves[:, 1:].astype(np.float64) * gallery.tile_m
    out = np.stack([one.offset_m(turn) for one in looks])  # (l, m, 2)
    return Found(
        tile=tile,
        crop=crop,
        look=look,
        move=move,
        cosine=cosine,
        east_m=east + shift_m[move, 0] - out[look, move, 0],
        north_m=north + shift_m[move, 1] - out[look, move, 1],
        lat0_deg=lat0,
        lon0_deg=lon0,
    )
