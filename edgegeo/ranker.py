"""From the candidates of a frame that was searched for to where ranking puts each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgegeo import fix, geodesy, pairs
from edgegeo.agreement import Agreed, Found
from edgegeo.backends import Runner
from edgegeo.clock import Clock
from edgegeo.copies import Look
from edgegeo.correlation import Correlation
from edgegeo.gallery import Gallery

Float32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Ranking = Literal["learned", "correlation"]
Said = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Searched:
    """A frame that has been searched for: its l looks, their tokens (l, t, c), by how many degrees
    more than was said each of its m moves supposes the heading to be, the tiles found and the
    positions that its crops agree on."""

    looks: list[Look]
    tokens: Float32
    turn_deg: NDArray[np.float64]
    found: Found
    agreed: Agreed


def rank(
    network: Runner | Correlation,
    gallery: Gallery,
    frame: Searched,
    clock: Clock,
    first: int | None = None,
) -> fix.Ranked:
    """Return the candidates, the `first` of them ranked and the others as retrieval has them.

    None ranks all, 0 none: then the network is not run. A `Correlation` in the network's place
    ranks by the tokens alone.
    """
    found, agreed = frame.found, frame.agreed
    place, column = np.nonzero(agreed.rows >= 0)
    rows = agreed.rows[place, column]
    if first is None:
        first = len(agreed.rows)
    of = np.flatnonzero(place < first)
    said = silence(len(rows))
    if len(of):
        if isinstance(network, Correlation):
            answer = network.ask(gallery, frame.tokens, frame.turn_deg, found, rows[of])
        else:
            tiles = found.tile[rows[of]].astype(np.int32)
            batch = pairs.gather(gallery.tokens, gallery.token_scales, tiles)
            clock.stop("pairs")
            answer = ask(network, frame.tokens, found, rows[of], batch)
        for name, values in answer.items():
            said[name][of] = values
    ranked = fix.as_found(placed(gallery, frame, said, rows, place), gallery.tile_m, first)
    if len(of):
        clock.stop("rank")
    return ranked


def ask(network: Runner, tokens: Float32, found: Found, rows: Ints, batch: Float32) -> Said:
    """Return what the ranker says of n pairs, by the names of its outputs.

    tokens (l, t, c) of every look; rows (n,) of `found`; batch (n, t, c) tokens of their tiles.
    """
    used, copy = np.unique(found.look[rows], return_inverse=True)
    said = network.run(
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


def placed(gallery: Gallery, frame: Searched, said: Said, rows: Ints, place: Ints) -> fix.Ranked:
    """Return where each of n pairs puts the frame's centre.

    rows (n,) of the tiles found; place (n,) which of the agreed positions each is a pair of.
    """
    found, agreed = frame.found, frame.agreed
    tile = found.tile[rows]
    of = [frame.looks[at] for at in found.look[rows].tolist()]
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
