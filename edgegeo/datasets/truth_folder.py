"""A flight of one's own: frames, their truth table, and the map they were taken over.

The map is cut as `edgegeo build` cuts it, tiles 0.8 of the frames' short side wide with half
of it in common; frames are shown north up and one tile wide. A tile is right where its centre
is within half a tile of the truth, as in `edgegeo evaluate`.
"""

from pathlib import Path

import numpy as np

from edgegeo.datasets.layout import chosen, require
from edgegeo.datasets.pictures import MapTile, NorthUpFrame
from edgegeo.datasets.records import About, Benchmark, Convention, GalleryImage, Geo, Query
from edgegeo.errors import DataError
from edgegeo.geodesy import distance_m
from edgegeo.maps.satmap import open_maps
from edgegeo.maps.tiling import tile_centres
from edgegeo.sources.images import read_image
from edgegeo.truth import read_truth

SPLITS = ("frames-to-tiles",)
TILE_SHARE = 0.8  # of the short side of a frame's footprint
OVERLAP = 0.5
ABOUT = About(
    title="a flight with truth",
    layout="map.tif or a folder map/ of rasters, truth.csv (file, lat_deg, lon_deg, heading_deg, "
    "gsd_m_per_px) and frames/<file>",
    source="`edgegeo simulate` makes such frames and tables out of a map",
    terms="as the owner of frames and map says",
)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read the frames a truth table names; those off the map are left out."""
    split = chosen(split, SPLITS, ABOUT)
    maps = folder / ("map" if (folder / "map").is_dir() else "map.tif")
    require(folder, ABOUT, maps.name, "truth.csv", "frames")
    rows = read_truth(folder / "truth.csv", numbered=False)
    gsd_m = [row.gsd_m for row in rows if row.gsd_m is not None]
    headings = [row.heading_deg for row in rows if row.heading_deg is not None]
    for name, known in (("heading_deg", headings), ("gsd_m_per_px", gsd_m)):
        if len(known) < len(rows):
            raise DataError(f"{folder / 'truth.csv'}: {len(rows) - len(known)} rows lack {name}")
    paths = [folder / "frames" / str(row.name) for row in rows]
    short_px = min(read_image(paths[0]).shape[:2])
    tile_m = TILE_SHARE * float(np.median(gsd_m)) * short_px
    centres = [
        (raster, Geo(*at))
        for raster in open_maps([maps])
        for at in tile_centres(raster, tile_m, OVERLAP)
    ]
    tile_lat, tile_lon = np.array([at for _, at in centres]).reshape(-1, 2).T
    by_place = len({row.place for row in rows}) > 1
    queries = []
    for row, path, heading_deg, gsd in zip(rows, paths, headings, gsd_m, strict=True):
        off_m = distance_m(tile_lat, tile_lon, row.lat_deg, row.lon_deg)
        right = np.flatnonzero(off_m <= tile_m / 2)
        if right.size:
            queries.append(
                Query(
                    id=str(row.name),
                    picture=NorthUpFrame(path, heading_deg, gsd, tile_m),
                    right=tuple(right.tolist()),
                    block=str(row.place if by_place else row.name),
                    at=Geo(row.lat_deg, row.lon_deg),
                )
            )
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.GAME4LOC,
        queries=tuple(queries),
        gallery=tuple(
            GalleryImage(
                id=f"tile {number}",
                picture=MapTile(raster, at.lat_deg, at.lon_deg, tile_m),
                at=at,
                side_m=tile_m,
            )
            for number, (raster, at) in enumerate(centres)
        ),
        left_out=len(rows) - len(queries),
    )
