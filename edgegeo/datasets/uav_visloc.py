"""UAV-VisLoc: frames of fixed-wing flights over eleven satellite maps.

Xu et al.: UAV-VisLoc, arXiv 2405.11936. The set has no protocol of its own. This is the one
of Game4Loc (scripts/prepare_dataset/visloc.py): tiles of two scales (see pyramid.py), right
where their intersection over union with the frame's footprint is above 0.39; a frame is
searched on its own map only. Unlike there nothing is rounded to pixels, map 09 with its four
parts can be read, the split is by maps, without a draw, and no tile of another map is ever
found (there those score 0, above tiles of the own map that score less).
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgegeo.datasets.footprint import footprint
from edgegeo.datasets.layout import chosen, require
from edgegeo.datasets.mosaic import MosaicTile, open_mosaic
from edgegeo.datasets.pictures import ImageFile
from edgegeo.datasets.pyramid import Chart, Level, levels
from edgegeo.datasets.records import About, Benchmark, Convention, GalleryImage, Query
from edgegeo.datasets.visloc_tables import Shot, read_ranges, read_shots
from edgegeo.errors import DataError
from edgegeo.geodesy import distance_m

CROSS_AREA = ("02", "04", "11")  # Game4Loc's test maps
SPLITS = ("cross-area", "all")
RANGES = ("satellite_ coordinates_range.csv", "satellite_coordinates_range.csv")
RIGHT_IOU = 0.39
ACROSS_DEG, ALONG_DEG = 48.44, 33.48  # field of view, as Game4Loc has it
FRAMES_A_BLOCK = 10  # frames in a row see the same ground
ABOUT = About(
    title="UAV-VisLoc",
    layout="'satellite_ coordinates_range.csv' and <NN>/{<NN>.csv,drone/<NN>_<number>.JPG,"
    "satellite<NN>.tif}, map 09 as satellite09_<row>-<column>.tif",
    source="https://github.com/IntelliSensing/UAV-VisLoc",
    terms="none stated; the maps are from Google Maps, so take it for research only",
)
NOTES = ("labels are off by 24 to 48 m on maps 02, 04, 10, 11 (issue #5): claim no less than 20 m",)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read Game4Loc's test maps, or with `all` every map that is there.

    The released table of map ranges has a blank in its name; without it does as well. Frames
    without a heading, as on map 07, and frames that no tile is right for are left out.
    """
    split = chosen(split, SPLITS, ABOUT)
    table = next((name for name in RANGES if (folder / name).exists()), RANGES[0])
    require(folder, ABOUT, table)
    ranges = read_ranges(folder / table)
    there = tuple(name for name in sorted(ranges) if (folder / name).is_dir())
    queries: list[Query] = []
    gallery: list[GalleryImage] = []
    asked = 0
    for name in CROSS_AREA if split == "cross-area" else there:
        require(folder, ABOUT, f"{name}/{name}.csv", f"{name}/drone")
        if name not in ranges:
            raise DataError(f"{folder / table} has no line for map {name}")
        chart = Chart(open_mosaic(_parts(folder / name, name)), *ranges[name])
        shots = read_shots(folder / name / f"{name}.csv")
        scales = levels(chart.mosaic.width, chart.mosaic.height)
        found = _queries(folder / name / "drone", name, shots, chart, scales, len(gallery))
        queries += [query for query in found if query.right]
        gallery += _gallery(name, chart, scales)
        asked += len(shots)
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.GAME4LOC,
        queries=tuple(queries),
        gallery=tuple(gallery),
        left_out=asked - len(queries),
        notes=NOTES,
    )


def _gallery(name: str, chart: Chart, scales: Sequence[Level]) -> Iterator[GalleryImage]:
    for level in scales:
        for column, row in level.tiles():
            x0, y0, x1, y1 = level.box(column, row)
            middle_y = (y0 + y1) / 2
            west, east = chart.geo(x0, middle_y), chart.geo(x1, middle_y)
            yield GalleryImage(
                id=f"{name}_{level.zoom}_{column:03}_{row:03}.png",
                picture=MosaicTile(chart.mosaic, x0, y0, x1 - x0, y1 - y0),
                at=chart.geo((x0 + x1) / 2, middle_y),
                side_m=float(distance_m(*west, *east)),
                region=name,
            )


def _queries(
    folder: Path,
    name: str,
    shots: Sequence[Shot],
    chart: Chart,
    scales: Sequence[Level],
    first: int,
) -> Iterator[Query]:
    for number, shot in enumerate(shots):
        yield Query(
            id=shot.file,
            picture=ImageFile(folder / shot.file),
            right=tuple(_right(shot, chart, scales, first)),
            block=f"{name} {number // FRAMES_A_BLOCK}",
            at=shot.at,
            region=name,
        )


def _right(shot: Shot, chart: Chart, scales: Sequence[Level], first: int) -> Iterator[int]:
    if shot.heading_deg is None:
        return
    lat, lon = footprint(*shot.at, shot.heading_deg, shot.height_m, ACROSS_DEG, ALONG_DEG)
    polygon = chart.pixels(lat, lon)
    for level in scales:
        yield from (first + number for number in level.right(polygon, RIGHT_IOU))
        first += level.columns * level.rows


def _parts(folder: Path, name: str) -> list[list[Path]]:
    """Return the map's files, row by row: one, or a grid of <row>-<column>."""
    whole = folder / f"satellite{name}.tif"
    if whole.exists():
        return [[whole]]
    pattern = re.compile(rf"satellite{name}_(\d+)-(\d+)\.tif")
    grid: dict[int, dict[int, Path]] = {}
    for path in folder.iterdir():
        if place := pattern.fullmatch(path.name):
            row, column = int(place[1]), int(place[2])
            grid.setdefault(row, {})[column] = path
    if not grid:
        raise DataError(f"{folder} has neither {whole.name} nor satellite{name}_<row>-<column>.tif")
    return [[grid[row][column] for column in sorted(grid[row])] for row in sorted(grid)]
