"""The tiles that the crops of one frame look most like, and where each puts the frame."""

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy, search
from edgegeo.agreement import Found
from edgegeo.copies import Look
from edgegeo.gallery import Gallery

DEPTH = 64  # tiles of each crop that may agree with those of the others

Float32 = NDArray[np.float32]


def find(
    gallery: Gallery,
    looks: list[Look],
    embeddings: Float32,
    moves: Float32,
    *,
    ranges: NDArray[np.int64] | None,
    pool: search.Pool,
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
    int8, scales = search.quantise_rows(embeddings[by_crop].reshape(-1, width))
    matches = search.top_k_of_groups(
        int8,
        count * looks_of.cumsum(),
        gallery.embeddings,
        min(DEPTH, len(gallery)),
        scales=gallery.embedding_scales,
        query_scales=scales,
        ranges=ranges,
        pool=pool,
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
