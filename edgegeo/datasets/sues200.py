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
TEST = tuple(f"{height}-{way}" for way in DIRECTIONS for height in HEIGHTS_M)
SPLITS = (*TEST, *(f"train-{split}" for split in TEST))
ABOUT = About(
    title="SUES-200",
    layout="Testing/<150|200|250|300>/{query_drone,query_satellite,gallery_drone,"
    "gallery_satellite}/<id>/<image> and Training/<height>/{drone,satellite}/<id>/<image>, which "
    "script/split_datasets.py of its repository makes from the raw download (satellite-view/, "
    "drone_view/)",
    source="https://github.com/Reza-Zhu/SUES-200-Benchmark",
    terms="academic research only",
)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read one height and direction, the test split at 150 m from drone to satellite by default.

    The train splits ask for the 120 training places, among those alone.
    """
    split = chosen(split, SPLITS, ABOUT)
    height, way = split.removeprefix("train-").split("-", 1)
    asked, answer = way.split("-to-")
    training = split.startswith("train-")
    names = (f"Testing/{height}/query_{asked}", f"Testing/{height}/gallery_{answer}")
    if training:
        names = (f"Training/{height}/{asked}", f"Training/{height}/{answer}")
    queries, gallery, left_out = read_labelled(folder, ABOUT, *names)
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.UNIVERSITY,
        queries=queries,
        gallery=gallery,
        left_out=left_out,
        published=(None, (120 if training else 200) if answer == "satellite" else None),
    )
