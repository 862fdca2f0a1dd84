"""A folder of images as a source of frames."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import DataError
from edgegeo.sources.frame import Frame
from edgegeo.sources.opencv import require_cv2

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"})


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode one file to (h, w, 3) BGR; grey becomes three equal channels, 16 bit 8 bit.

    A turn written in EXIF is applied, so "up" is the side a viewer shows on top.
    """
    cv2 = require_cv2()
    try:
        data = np.fromfile(path, np.uint8)  # imread cannot open every name on every system
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    image = None
    if data.size:
        try:
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        except cv2.error:  # such as a header that claims a size beyond any memory
            image = None
    if image is None:
        raise DataError(f"{path} is not an image OpenCV can decode ({data.size} bytes)")
    return np.asarray(image, np.uint8)


class Images:
    """Images of one folder, in the order of their names."""

    numbered = False

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        require_cv2()
        self.path = folder
        self.names = tuple(names)

    def frames(self, every: int = 1) -> Iterator[Frame]:
        for name in self.names[::every]:
            yield Frame(name, 0, read_image(self.path / name))

    def select(self, names: Sequence[str | int]) -> Iterator[Frame]:
        missing = [name for name in names if not (self.path / str(name)).is_file()]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise DataError(f"{self.path} has no file {missing[0]}{more}")
        return (Frame(name, 0, read_image(self.path / str(name))) for name in names)
