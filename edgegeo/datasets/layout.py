"""Check that a folder is laid out as a set is published, and say what to do where it is not."""

from collections.abc import Sequence
from pathlib import Path

from edgegeo.datasets.records import About
from edgegeo.errors import DataError
from edgegeo.sources.images import IMAGE_SUFFIXES


def require(folder: Path, about: About, *names: str) -> None:
    """Raise DataError where `folder` lacks one of the files or folders `names`."""
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise DataError(
            f"{folder} is not {about.title}: it has no {', '.join(missing)}; "
            f"expected {about.layout}. Get it: {about.source}. Terms: {about.terms}"
        )


def chosen(split: str | None, splits: Sequence[str], about: About) -> str:
    """Return the split asked for, the first when None; raise DataError for an unknown one."""
    if split is None:
        return splits[0]
    if split not in splits:
        raise DataError(f"{about.title} has no split {split!r}; it has {', '.join(splits)}")
    return split


def images_in(folder: Path) -> list[Path]:
    """Return the image files of a folder by name, hidden ones left out."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    )
