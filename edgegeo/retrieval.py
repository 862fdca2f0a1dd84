"""The tiles that the crops of one frame look most like, and where each puts the frame."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy, search
from edgegeo.agreement import Found, best_of_each
from edgegeo.copies import Look
from edgegeo.gallery import Gallery

DEPTH = 64  # tiles of each crop that may agree with those of the others

Float32 = NDArray[np.float32]


class Pool:
    """Threads that share the queries of a search; the kernel lets go of the interpreter."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)

    def top_k(
        self, queries: Float32, gallery: Gallery, k: int, ranges: NDArray[np.int64] | None
    ) -> search.Matches:
        """`search.top_k` of float32 queries over a gallery, in int8."""
        int8, scales = search.quantise_rows(queries)

        def part(rows: NDArray[np.int64]) -> search.Matches:
            return search.top_k(
                int8[rows],
                gallery.embeddings,
                k,
                scales=gallery.embedding_scales,
                query_scales=scales[rows],
                ranges=ranges,
            )

        shares = np.array_split(np.arange(len(int8)), min(self._threads, len(int8)))
        parts = list(self._pool.map(part, shares))
        return search.Matches(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.scores for part in parts]),
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
    ids, scores = pool.top_k(
        embeddings.reshape(-1, width), gallery, min(DEPTH, len(gallery)), ranges
    )
    query = np.broadcast_to(np.arange(len(ids))[:, None], ids.shape)[ids >= 0]
    tile, cosine = ids[ids >= 0].astype(np.int64), scores[ids >= 0].astype(np.float64)
    crop = np.array([look.crop for look in looks])[query // count]
    best = best_of_each(crop, tile, cosine, DEPTH)
    query, tile, crop, cosine = query[best], tile[best], crop[best], cosine[best]
    look, move = query // count, query % count

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
