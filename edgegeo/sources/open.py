"""Tell a folder from an image from a video."""

from os import PathLike
from pathlib import Path

from edgegeo.errors import DataError
from edgegeo.sources.frame import FrameSource
from edgegeo.sources.images import IMAGE_SUFFIXES, Images
from edgegeo.sources.video import Video


def open_frames(path: str | PathLike[str]) -> FrameSource:
    """Open a folder of images, one image file, or a video file.

    Raises DataError for a path that is none of these, MissingExtraError without OpenCV.
    """
    path = Path(path)
    if path.is_dir():
        names = sorted(
            p.name
            for p in path.iterdir()
            if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".")
        )
        if not names:
            kinds = " ".join(sorted(IMAGE_SUFFIXES))
            raise DataError(f"{path} holds no image: expected files ending in {kinds}")
        return Images(path, names)
    if not path.exists():
        raise DataError(f"{path} does not exist: expected a folder of images or a video")
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return Images(path.parent, [path.name])
    return Video(path)
