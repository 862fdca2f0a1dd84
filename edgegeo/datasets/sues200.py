"""SUES-200: 200 places seen by a satellite and by a drone at four heights.

Zhu et al.: SUES-200, IEEE TCSVT 2023. Queries are the 80 test places, the gallery holds all
200: a gallery of the 80 alone gives higher figures that compare with nobody's.
"""

from pathlib import Path

from edgegeo.datasets.labelled import read_labelled
from edgegeo.datasets.layout import chosen
from edgegeo.datasets.records import About, Benchmark, Convention

HEIGHTS_M = (150, 200, 250, 300)
DIRECTIONS = ("drone-to-satellite", "satellite-to-drone")
SPLITS = tuple(f"{height}-{way}" for way in DIRECTIONS for height in HEIGHTS_M)
ABOUT = About(
    title="SUES-200",
    layout="Testing/<150|200|250|300>/{query_drone,query_satellite,gallery_drone,"
    "gallery_satellite}/<id>/<image>, which script/split_datasets.py of its repository makes "
    "from the raw download (satellite-view/, drone_view/)",
    source="https://github.com/Reza-Zhu/SUES-200-Benchmark",
    terms="academic research only",
)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read one height and direction, 150 m from drone to satellite by default."""
    split = chosen(split, SPLITS, ABOUT)
    height, way = split.split("-", 1)
    asked, answer = way.split("-to-")
    queries, gallery, left_out = read_labelled(
        folder, ABOUT, f"Testing/{height}/query_{asked}", f"Testing/{height}/gallery_{answer}"
    )
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.UNIVERSITY,
        queries=queries,
        gallery=gallery,
        left_out=left_out,
        published=(None, 200 if answer == "satellite" else None),
    )
