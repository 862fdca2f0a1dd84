"""University-1652: buildings seen by a drone and by a satellite, told apart by folder name.

Zheng, Wei, Yang: University-1652, ACM MM 2020; sizes from the README of
layumi/University1652-Baseline. The set holds no coordinates.
"""

from pathlib import Path

from edgegeo.datasets.labelled import read_labelled
from edgegeo.datasets.layout import chosen
from edgegeo.datasets.records import About, Benchmark, Convention

SPLITS = (
    "drone-to-satellite",
    "satellite-to-drone",
    "train-drone-to-satellite",
    "train-satellite-to-drone",
)
PUBLISHED: dict[str, tuple[int | None, int | None]] = {
    "drone-to-satellite": (37_855, 951),
    "satellite-to-drone": (701, 51_355),
    "train-drone-to-satellite": (None, 701),
    "train-satellite-to-drone": (701, None),
}
ABOUT = About(
    title="University-1652",
    layout="test/{query_drone,gallery_satellite,query_satellite,gallery_drone}/<id>/<image>, and "
    "train/{drone,satellite}/<id>/<image>",
    source="on request, https://github.com/layumi/University1652-Baseline (Request.md)",
    terms="research only, not to be passed on, sold or profited from",
)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read a split in one direction, the test split from drone to satellite by default.

    The buildings of train/ are others than those of test/, and its gallery is they alone.
    """
    split = chosen(split, SPLITS, ABOUT)
    asked, answer = split.removeprefix("train-").split("-to-")
    names = (f"test/query_{asked}", f"test/gallery_{answer}")
    if split.startswith("train-"):
        names = (f"train/{asked}", f"train/{answer}")
    queries, gallery, left_out = read_labelled(folder, ABOUT, *names)
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.UNIVERSITY,
        queries=queries,
        gallery=gallery,
        left_out=left_out,
        published=PUBLISHED[split],
    )
