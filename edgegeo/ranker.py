"""What the ranker says of pairs of a crop and a tile, and where that puts the frame."""

import numpy as np
from numpy.typing import NDArray

from edgegeo import fix, geodesy
from edgegeo.agreement import Agreed, Found
from edgegeo.backends import Runner
from edgegeo.copies import Look
from edgegeo.gallery import Gallery

Float32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Said = dict[str, NDArray[np.float64]]


def ask(ranker: Runner, tokens: Float32, found: Found, rows: Ints, batch: Float32) -> Said:
    """Return what the ranker says of n pairs, by the names of its outputs.

    tokens (l, t, c) of every look; rows (n,) of `found`; batch (n, t, c) tokens of their tiles.
    """
    used, copy = np.unique(found.look[rows], return_inverse=True)
    said = ranker.run(
        {
            "query_tokens": tokens[used],
            "copy": copy.astype(np.int64),
            "move": found.move[rows],
            "candidate_tokens": batch,
        }
    )
    return {name: values.astype(np.float64) for name, values in said.items()}


def silence(count: int) -> Said:
    """Return what is said of `count` pairs that the ranker was not asked about."""
    nothing = {name: np.zeros(count) for name in ("relevance", "log_variance", "turn")}
    return nothing | {"offset": np.zeros((count, 2)), "scale": np.ones(count)}


def placed(
    gallery: Gallery,
    looks: list[Look],
    said: Said,
    found: Found,
    rows: Ints,
    place: Ints,
    agreed: Agreed,
) -> fix.Ranked:
    """Return where each of n pairs puts the frame's centre.

    rows (n,) of `found`; place (n,) which of the agreed positions each is a pair of.
    """
    tile = found.tile[rows]
    of = [looks[at] for at in found.look[rows].tolist()]
    crop_px = np.array([look.crop_px for look in of])
    heading_deg = np.array([look.view.heading_deg for look in of]) + said["turn"]
    gsd_m = np.array([look.view.gsd_m for look in of]) * said["scale"]
    view = np.asarray(gsd_m * np.exp(-1j * np.radians(heading_deg)), np.complex128)
    centre = said["offset"] @ np.array([1, 1j]) * gallery.tile_m - crop_px * view
    lat, lon = geodesy.geo_from_enu(
        centre.real, centre.imag, gallery.lat_deg[tile], gallery.lon_deg[tile]
    )
    found_lat, found_lon = geodesy.geo_from_enu(
        agreed.east_m, agreed.north_m, found.lat0_deg, found.lon0_deg
    )
    return fix.Ranked(
        place=place,
        tile=tile,
        lat_deg=lat,
        lon_deg=lon,
        relevance=said["relevance"],
        sigma_m=np.exp(said["log_variance"] / 2) * gallery.tile_m,
        crop_px=crop_px,
        view=view,
        crops=agreed.rows.shape[1],
        retrieval=agreed.cosine,
        found_lat_deg=found_lat,
        found_lon_deg=found_lon,
    )
