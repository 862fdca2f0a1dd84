"""Find the reader of a set by its name."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from edgegeo.datasets import (
    denseuav,
    gta_uav,
    naip,
    sues200,
    truth_folder,
    uav_visloc,
    university1652,
)
from edgegeo.datasets.records import Benchmark
from edgegeo.errors import DataError

SETS: dict[str, Callable[[Path, str | None], Benchmark]] = {
    "university-1652": university1652.load,
    "sues-200": sues200.load,
    "denseuav": denseuav.load,
    "gta-uav": gta_uav.load,
    "uav-visloc": uav_visloc.load,
    "naip": naip.load,
    "truth": truth_folder.load,
}


def open_benchmark(name: str, folder: str | PathLike[str], split: str | None = None) -> Benchmark:
    """Read a set from where it was unpacked; no image is opened yet.

    Raises DataError, saying what is missing and where to get it, for a folder that is not
    laid out as the set is published, for an unknown set, and for an unknown split.
    """
    if name not in SETS:
        raise DataError(f"no set is called {name!r}; known: {', '.join(SETS)}")
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: expected the set {name} in it")
    return SETS[name](folder, split)
