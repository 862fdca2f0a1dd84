"""GTA-UAV: frames from a game over 81 km2, and tiles of its map at four zooms.

Ji et al.: Game4Loc, AAAI 2025; files as in Yux1angJi/GTA-UAV. A frame may overlap several
tiles: those listed as positive (intersection over union above 0.39) are right.
"""

import json
from pathlib import Path
from typing import Any

from edgegeo.datasets.layout import chosen, require
from edgegeo.datasets.pictures import ImageFile
from edgegeo.datasets.records import About, Benchmark, Convention, GalleryImage, Plane, Query
from edgegeo.errors import DataError

SPLITS = ("cross-area", "same-area")
MAP_PX = 24_576  # side of the game's map
M_PER_PX = 0.45
TILE_PX = 256  # the unit of a tile's offset
TILES = "satellite"
ABOUT = About(
    title="GTA-UAV",
    layout="drone/images/<height>_<trajectory>_<number>.png, "
    "satellite/<zoom>_<offset>_<x>_<y>.png and <cross|same>-area-drone2sate-test.json",
    source="https://huggingface.co/datasets/Yux1ang/GTA-UAV-LR",
    terms="Apache-2.0",
)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read the test frames of one split against every tile; ids are the names of the files.

    Frames without a positive tile are left out, as in the official code.
    """
    split = chosen(split, SPLITS, ABOUT)
    table = f"{split}-drone2sate-test.json"
    require(folder, ABOUT, table, TILES)
    gallery = tuple(_tile(path) for path in sorted((folder / TILES).glob("*.png")))
    rows = {image.id: row for row, image in enumerate(gallery)}
    asked = [_query(folder, entry, rows, where) for where, entry in _entries(folder / table)]
    queries = tuple(query for query in asked if query.right)
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.GAME4LOC,
        queries=queries,
        gallery=gallery,
        left_out=len(asked) - len(queries),
        published=(None, 14_640),
    )


def tile_side_m(zoom: int) -> float:
    """Return the side of a tile on the game's ground.

    >>> tile_side_m(5)
    345.6
    """
    return float(MAP_PX / 2**zoom * M_PER_PX)


def tile_centre(zoom: int, offset: int, x: int, y: int) -> Plane:
    """Return a tile's centre; `offset` moves the whole grid by so many 256ths of a tile.

    >>> tile_centre(5, 0, 10, 20)  # an example of the set's README
    Plane(x_m=3628.8, y_m=7084.8)
    """
    side_m, shift = tile_side_m(zoom), 0.5 + offset / TILE_PX
    return Plane(side_m * (x + shift), side_m * (y + shift))


def _tile(path: Path) -> GalleryImage:
    """Read a tile's name; the first release had no offset in it."""
    try:
        numbers = [int(word) for word in path.stem.split("_")]
        zoom, offset, x, y = numbers if len(numbers) == 4 else (numbers[0], 0, *numbers[1:])
    except (ValueError, IndexError):
        expected = "<zoom>_<offset>_<x>_<y>.png"
        raise DataError(f"{path}: a tile must be named {expected}") from None
    return GalleryImage(
        id=path.name,
        picture=ImageFile(path),
        at=tile_centre(zoom, offset, x, y),
        side_m=tile_side_m(zoom),
    )


def _entries(path: Path) -> list[tuple[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if not isinstance(entries, list):
        raise DataError(f"{path} must hold a list of frames, got {type(entries).__name__}")
    return [(f"{path} entry {number}", entry) for number, entry in enumerate(entries)]


def _query(folder: Path, entry: Any, rows: dict[str, int], where: str) -> Query:
    try:
        name = str(entry["drone_img_name"])
        path = folder / entry["drone_img_dir"] / name
        x_m, y_m = map(float, entry["drone_loc_x_y"])
        positives = [str(tile) for tile in entry["pair_pos_sate_img_list"]]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where} is not a frame of the set: {error!r}") from error
    lost = [tile for tile in positives if tile not in rows]
    if lost:
        raise DataError(f"{where}: {name} has the positive tile {lost[0]}, not in {TILES}/")
    return Query(
        id=name,
        picture=ImageFile(path),
        right=tuple(sorted({rows[tile] for tile in positives})),
        block=name.rpartition("_")[0],  # its trajectory
        at=Plane(x_m, y_m),
    )
