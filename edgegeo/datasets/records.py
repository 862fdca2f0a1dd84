"""What every set gives: queries, a gallery, and which gallery images are right for a query."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from edgegeo.datasets.pictures import Picture
from edgegeo.errors import DataError


class Convention(Enum):
    """Whose definitions of the metrics a set's papers report; see evaluation.ranking_metrics."""

    UNIVERSITY = "labels: Recall@K and trapezoidal AP"
    DENSEUAV = "labels and degrees: the former, SDM@K in degrees, MA@m"
    GAME4LOC = "metres: Recall@K, AP, SDM@K in metres, Dis@K, PDM@K where tiles have a side"


class Geo(NamedTuple):
    """A place on the Earth, WGS84."""

    lat_deg: float
    lon_deg: float


class Plane(NamedTuple):
    """A place on the flat map of a game; y grows to the south."""

    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a set is called, how it must lie on the disk, and where and on what terms to get it."""

    title: str
    layout: str
    source: str
    terms: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One image to be found in the gallery.

    `right` holds the rows of the gallery that count as found, ascending. Queries of one
    `block` are not independent: views of one building, frames of one trajectory. With a
    `region`, only gallery images of that region are searched.
    """

    id: str
    picture: Picture
    right: tuple[int, ...]
    block: str
    at: Geo | Plane | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryImage:
    """One image to be found. `at` is its centre, `side_m` its side on the ground."""

    id: str
    picture: Picture
    at: Geo | Plane | None = None
    side_m: float | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A set, one split of it, ready to be judged.

    `left_out` counts queries of the set for which no gallery image is right. `published` is
    the (queries, gallery) size of the whole split, None where its authors do not say.
    """

    about: About
    split: str
    convention: Convention
    queries: tuple[Query, ...]
    gallery: tuple[GalleryImage, ...]
    left_out: int = 0
    published: tuple[int | None, int | None] = (None, None)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise DataError where nothing could be judged, or an id or a row means two things."""
        for what, images in (("query", self.queries), ("gallery image", self.gallery)):
            if not images:
                raise DataError(f"{self.about.title} {self.split}: no {what} is left to judge")
            seen: set[str] = set()
            for image in images:
                if image.id in seen:
                    raise DataError(f"{self.about.title}: two {what} entries are named {image.id}")
                seen.add(image.id)
        regions = [region for region, _ in groupby(image.region for image in self.gallery)]
        if len(regions) != len(set(regions)):
            raise DataError(f"{self.about.title}: gallery images of one region must be together")

    def rows_of(self, region: str | None) -> tuple[int, int]:
        """Return the gallery rows [start, stop) that queries of a region are searched in."""
        if region is None:
            return 0, len(self.gallery)
        rows = [i for i, image in enumerate(self.gallery) if image.region == region]
        return (rows[0], rows[-1] + 1) if rows else (0, 0)

    def without(self, queries: Collection[int], gallery: Collection[int]) -> "Benchmark":
        """Return the benchmark less some rows of each. A query whose every right image is
        among them stays: it cannot be found any more and counts as missed."""
        new = {old: i for i, old in enumerate(_left(self.gallery, gallery))}
        return replace(
            self,
            queries=tuple(
                replace(q, right=tuple(new[row] for row in q.right if row in new))
                for q in (self.queries[i] for i in _left(self.queries, queries))
            ),
            gallery=tuple(self.gallery[i] for i in new),
        )


def _left(images: Sequence[object], gone: Collection[int]) -> list[int]:
    lost = set(gone)
    return [i for i in range(len(images)) if i not in lost]
