"""DenseUAV: drone frames of campuses, three heights a place, and where each place lies.

Dai et al.: Vision-Based UAV Self-Positioning, IEEE TIP 2024; sizes from the README of
Dmmm1997/DenseUAV. A place is a folder: its images, satellite ones at three scales and two
dates among them, share one position.
"""

from pathlib import Path

from edgegeo.datasets.labelled import read_labelled
from edgegeo.datasets.layout import chosen, require
from edgegeo.datasets.records import About, Benchmark, Convention, Geo
from edgegeo.errors import DataError

SPLITS = ("drone-to-satellite",)
POSITIONS = "Dense_GPS_ALL.txt"
QUERIES, GALLERY = "test/query_drone", "test/gallery_satellite"
ABOUT = About(
    title="DenseUAV",
    layout=f"{POSITIONS} and test/{{query_drone,gallery_satellite}}/<id>/H<height>[_old].<JPG|tif>",
    source="https://huggingface.co/datasets/Dmmm997/DenseUAV, https://github.com/Dmmm1997/DenseUAV",
    terms="research only, not to be passed on, sold or profited from (docs/Request.md)",
)


def load(folder: Path, split: str | None = None) -> Benchmark:
    """Read the test split, from drone to satellite."""
    split = chosen(split, SPLITS, ABOUT)
    require(folder, ABOUT, POSITIONS, QUERIES, GALLERY)
    at = read_positions(folder / POSITIONS)
    places = {
        path.name
        for name in (QUERIES, GALLERY)
        for path in (folder / name).iterdir()
        if path.is_dir()
    }
    if lost := sorted(places - at.keys()):
        raise DataError(f"{folder / POSITIONS} lacks {len(lost)} places, the first is {lost[0]}")
    queries, gallery, left_out = read_labelled(folder, ABOUT, QUERIES, GALLERY, at)
    return Benchmark(
        about=ABOUT,
        split=split,
        convention=Convention.DENSEUAV,
        queries=queries,
        gallery=gallery,
        left_out=left_out,
        published=(2_331, 18_198),
    )


def read_positions(path: Path) -> dict[str, Geo]:
    """Return the position of every place of `<path>/<id>/<image> E<lon> N<lat> <height>` lines.

    The README says latitude before longitude; the files have it the other way round, and
    letters that say so. As in the official code the last line of a place counts.
    """
    at: dict[str, Geo] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        words = line.split()
        if not words:
            continue
        try:
            image, east, north = words[:3]
            label = image.replace("\\", "/").split("/")[-2]
            if (east[0], north[0]) != ("E", "N"):
                raise ValueError
            at[label] = Geo(_degrees(north[1:], 90), _degrees(east[1:], 180))
        except (ValueError, IndexError):
            expected = "<folder>/<id>/<image> E<longitude> N<latitude> <height>"
            raise DataError(f"{path} line {number}: expected {expected}, got {line!r}") from None
    return at


def _degrees(text: str, limit: float) -> float:
    value = float(text)
    if not -limit <= value <= limit:
        raise ValueError
    return value


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
