"""University-1652: buildings seen by a drone and by a satellite, told apart by folder name.

Zheng, Wei, Yang: University-1652, ACM MM 2020; sizes from the README of
layumi/University1652-Baseline. The set holds no coordinates.
"""

from pathlib import Path

from edgegeo.datasets.labelled import read_labelled
from edgegeo.datasets.layout import chosen
from edgegeo.datasets.records import About, Benchmark, Convention

SPLITS = ("drone-to-satellite", "satellite-to-drone")
PUBLISHED = {"drone-to-satellite": (37_855, 951), "satellite-to-drone": (701, 51_355)}
ABOUT = About(
    title="University-1652",
    layout="test/{query_drone,gallery_satellite,query_satellite,gallery_drone}/<id>/<image>",
    source="on request, https://github.com/layumi/University1652-Baseline (Request.md)",
    terms="research only, not to be passed on, sold or profited from",
)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read the test split in one direction, from drone to satellite by default."""
    split = chosen(split, SPLITS, ABOUT)
    asked, answer = split.split("-to-")
    queries, gallery, left_out = read_labelled(
        folder, ABOUT, f"test/query_{asked}", f"test/gallery_{answer}"
    )
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.UNIVERSITY,
        queries=queries,
        gallery=gallery,
        left_out=left_out,
        published=PUBLISHED[split],
    )
