"""Pictures of a user's own maps and frames, as the encoder sees them: what int8 is fitted on."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import rectify
from edgegeo.building.tile_encoder import MIN_COVERAGE, MIN_DETAIL, fillable
from edgegeo.copies import looks
from edgegeo.errors import DataError
from edgegeo.maps.satmap import Raster, open_maps
from edgegeo.maps.tiling import tile_centres
from edgegeo.preprocess import grey_detail, network_input
from edgegeo.sources import open_frames

OVERLAP = 0.0

Pictures = NDArray[np.float32]


def tile_pictures(maps: Sequence[str | Path], tile_m: float, px: int, count: int) -> Pictures:
    """Return up to `count` (4, px, px) tiles spread over all maps, those a build would keep.

    Raises DataError where the maps hold no such tile.
    """
    rasters = open_maps(maps)
    try:
        # One of each map in turn, so that a small map counts as much as a large one.
        turns = [_tiles(raster, tile_m, px, count) for raster in rasters]
        each = -(-count // len(turns))
        found = [picture for turn in turns for picture in islice(turn, each)]
    finally:
        for raster in rasters:
            raster.close()
    if not found:
        names = ", ".join(map(str, maps))
        raise DataError(f"{names}: no tile of {tile_m:g} m with data and detail to fit int8 on")
    return np.stack(found[:count])


def frame_pictures(frames: str | Path, tile_m: float, px: int, count: int) -> Pictures:
    """Return up to `count` (4, px, px) crops of frames, in the scale the gallery expects.

    Which way a frame looks is not asked: what a crop shows is as typical turned.
    """
    crops: list[Pictures] = []
    for frame in open_frames(frames).frames():
        shape_hw = frame.image.shape[:2]
        view = rectify.View(0.0, tile_m / 0.8 / min(shape_hw))
        homographies = [
            rectify.frame_from_tile(
                shape_hw, tile_m, px, view.heading_deg, view.gsd_m, centre_m=tuple(look.offset_m())
            )
            for look in looks([view], shape_hw, tile_m)
        ]
        crops.extend(rectify.rectify(frame.image, np.stack(homographies), px))
        if len(crops) >= count:
            break
    if not crops:
        raise DataError(f"{frames} holds no frame")
    return np.stack(crops[:count])


def _tiles(raster: Raster, tile_m: float, px: int, count: int) -> Iterator[Pictures]:
    centres = list(tile_centres(raster, tile_m, OVERLAP, 0.0))
    least = MIN_COVERAGE * fillable(raster.bounds, tile_m)
    for at in np.random.default_rng(0).permutation(len(centres))[: 4 * count]:
        lat_deg, lon_deg = centres[at]
        rgb, valid = raster.crop(lat_deg, lon_deg, tile_m, px)
        if valid.mean() >= least and grey_detail(rgb, valid) >= MIN_DETAIL:
            yield network_input(rgb, valid)
