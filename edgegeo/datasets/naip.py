"""Places photographed in several years: <id>_<year>.tif, one georeferenced picture each.

The oldest year of every place is the gallery, the newest year of a place with two or more
the query: the same ground, north up, at the same scale, under another sun.
"""

from pathlib import Path

from edgegeo.datasets.pictures import ImageFile
from edgegeo.datasets.records import About, Benchmark, Convention, GalleryImage, Geo, Query
from edgegeo.errors import DataError
from edgegeo.geodesy import distance_m
from edgegeo.maps import rasterfile
from edgegeo.maps.projection import Placement

ABOUT = About(
    title="places by year",
    layout="<id>_<year>.tif, or folders of them, one a city",
    source="naip: https://github.com/jonathanventura/urban-tree-detection-data",
    terms="naip: CC BY 4.0, urban-tree-detection-data; NAIP, USDA. Others: as their owner says",
)


TRAIN = ("long_beach", "palm_springs", "eureka", "bishop")


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read a city, or a folder of cities; of those, queries of the city `split` or of all.

    The split `train` is naip's four training cities, in queries and gallery alike: nothing that
    is learned from it has seen a tile of another city.
    """
    cities = [folder] if _years(folder) else sorted(p for p in folder.glob("*") if _years(p))
    if not cities:
        raise DataError(f"{folder} holds no <id>_<year>.tif; expected {ABOUT.layout}")
    names = [city.name for city in cities]
    split = "all" if split is None else split
    splits = ["all", *(["train"] if set(TRAIN) <= set(names) else []), *names]
    if split not in splits:
        raise DataError(f"{folder} has no split {split!r}; it has {', '.join(splits)}")
    if split == "train":
        cities = [city for city in cities if city.name in TRAIN]
    gallery: list[GalleryImage] = []
    queries: list[Query] = []
    for city in cities:
        for place, paths in _years(city).items():
            block = f"{city.name}/{place}"
            at, side_m = _placed(paths[0])
            if len(paths) > 1 and split in ("all", "train", city.name):
                queries.append(
                    Query(
                        id=f"{city.name}/{paths[-1].name}",
                        picture=ImageFile(paths[-1]),
                        right=(len(gallery),),
                        block=block,
                        at=_placed(paths[-1])[0],
                    )
                )
            gallery.append(
                GalleryImage(
                    id=f"{city.name}/{paths[0].name}",
                    picture=ImageFile(paths[0]),
                    at=at,
                    side_m=side_m,
                )
            )
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.GAME4LOC,
        queries=tuple(queries),
        gallery=tuple(gallery),
    )


def _years(folder: Path) -> dict[str, list[Path]]:
    """Return the pictures of each place, oldest first."""
    places: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*_*.tif")):
        places.setdefault(path.stem.rpartition("_")[0], []).append(path)
    return places


def _placed(path: Path) -> tuple[Geo, float]:
    """Return the place of a picture's middle and its width on the ground."""
    with rasterfile.opened(path) as dataset:
        placement = Placement.of(dataset, path)
    width, height = placement.size
    lat, lon = placement.geo([0, width / 2, width], [height / 2] * 3)
    side_m = float(distance_m(lat[0], lon[0], lat[2], lon[2]))
    return Geo(float(lat[1]), float(lon[1])), side_m
