"""Sets whose labels are folder names: <folder>/<label>/<image>, for queries and gallery alike."""

from collections.abc import Mapping
from pathlib import Path

from edgegeo.datasets.layout import images_in, require
from edgegeo.datasets.pictures import ImageFile
from edgegeo.datasets.records import About, GalleryImage, Geo, Query
from edgegeo.errors import DataError


def read_labelled(
    root: Path,
    about: About,
    queries: str,
    gallery: str,
    at: Mapping[str, Geo] | None = None,
) -> tuple[tuple[Query, ...], tuple[GalleryImage, ...], int]:
    """Return the queries, the gallery, and how many queries have no right image in it.

    `queries` and `gallery` are folders under `root`; an image's id is its path from there,
    its order that of the labels, then of the names. Every gallery image with the query's
    label is right. `at` gives the place of every label, where places are known.
    """
    require(root, about, queries, gallery)
    rows: dict[str, list[int]] = {}
    images: list[GalleryImage] = []
    for label, path in _files(root / gallery):
        rows.setdefault(label, []).append(len(images))
        place = at[label] if at is not None else None
        images.append(GalleryImage(id=_id(path, root), picture=ImageFile(path), at=place))
    asked, left_out = [], 0
    for label, path in _files(root / queries):
        if label not in rows:
            left_out += 1
            continue
        asked.append(
            Query(
                id=_id(path, root),
                picture=ImageFile(path),
                right=tuple(rows[label]),
                block=label,
                at=at[label] if at is not None else None,
            )
        )
    return tuple(asked), tuple(images), left_out


def _files(folder: Path) -> list[tuple[str, Path]]:
    found = [
        (label.name, path)
        for label in sorted(p for p in folder.iterdir() if p.is_dir())
        for path in images_in(label)
    ]
    if not found:
        raise DataError(f"{folder} holds no image: expected <label>/<image> in it")
    return found


def _id(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
