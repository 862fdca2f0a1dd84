"""Where the crops of a frame agree: from the tiles found for each crop to candidate positions."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgegeo import geodesy
from edgegeo.types import Prior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REACH_TILES = 0.3  # crops this close, in tile sides, put the frame at the same place


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """m tiles that crops of a frame were found on, in any order.

    tile (m,) gallery rows; crop (m,) which part of the frame; look (m,) which picture, and move
    (m,) which of its embeddings found the tile; cosine (m,); east_m, north_m (m,) where that
    puts the frame's centre, from an origin lat0_deg, lon0_deg near one of them.
    """

    tile: Ints
    crop: Ints
    look: Ints
    move: Ints
    cosine: Floats
    east_m: Floats
    north_m: Floats
    lat0_deg: float
    lon0_deg: float

    def within(self, prior: Prior, margin_m: float) -> "Found":
        """Return what puts the frame's centre into the circle widened by `margin_m`."""
        lat, lon = geodesy.geo_from_enu(self.east_m, self.north_m, self.lat0_deg, self.lon0_deg)
        away_m = geodesy.distance_m(lat, lon, prior.lat_deg, prior.lon_deg)
        inside = away_m <= prior.radius_m + margin_m
        return replace(
            self,
            tile=self.tile[inside],
            crop=self.crop[inside],
            look=self.look[inside],
            move=self.move[inside],
            cosine=self.cosine[inside],
            east_m=self.east_m[inside],
            north_m=self.north_m[inside],
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Agreed:
    """p candidate positions of the frame's centre, best first.

    cosine (p,) mean over the crops; east_m, north_m (p,); rows (p, c) of Found, the best of each
    crop that puts the frame there, -1 for a crop that none does.
    """

    cosine: Floats
    east_m: Floats
    north_m: Floats
    rows: Ints


def agree(found: Found, tile_m: float, count: int) -> Agreed:
    """Return up to `count` positions that the crops together are most like.

    Every tile found for a crop proposes a position; each other crop adds the cosine of its best
    tile that proposes the same, or else that of the last tile it was found on, which no tile
    left out exceeds. Their mean is the candidate; of those within REACH_TILES of each other the
    best one stays.
    """
    reach_m = REACH_TILES * tile_m
    east, north = (at[:, None] - at for at in (found.east_m, found.north_m))  # (m, m)
    near = east * east + north * north <= reach_m**2
    crops = np.unique(found.crop)
    total = np.zeros(len(found.tile))
    rows = np.empty((len(found.tile), len(crops)), np.int64)
    for column, crop in enumerate(crops):
        own = np.flatnonzero(found.crop == crop)
        cosine = np.where(near[:, own], found.cosine[own], -np.inf)
        best = cosine.argmax(axis=1)
        supported = near[:, own].any(axis=1)
        rows[:, column] = np.where(supported, own[best], -1)
        total += np.where(supported, cosine.max(axis=1), found.cosine[own].min())
    weight = (rows >= 0) / (rows >= 0).sum(axis=1, keepdims=True)
    east_m, north_m = ((weight * at[rows]).sum(axis=1) for at in (found.east_m, found.north_m))
    kept: list[int] = []
    free = np.ones(len(rows), np.bool_)
    for row in np.lexsort((found.tile, -found.cosine, -total)):
        if free[row]:
            kept.append(row)
            free &= np.hypot(east_m - east_m[row], north_m - north_m[row]) > reach_m
            if len(kept) == count:
                break
    return Agreed(
        cosine=total[kept] / len(crops),
        east_m=east_m[kept],
        north_m=north_m[kept],
        rows=rows[kept],
    )
