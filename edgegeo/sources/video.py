"""A video file as a source of frames."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from edgegeo.errors import DataError
from edgegeo.sources.frame import Frame
from edgegeo.sources.opencv import require_cv2


class Video:
    """Frames of one video, named by their index from 0.

    Frames that are not asked for are demuxed but not converted. Seeking is left alone: in
    many containers it lands on the nearest key frame, and a frame would get the next one's
    truth.
    """

    numbered = True

    def __init__(self, path: Path) -> None:
        cv2 = require_cv2()
        self.path = path
        capture = cv2.VideoCapture(str(path))
        try:
            if not capture.isOpened() or not capture.grab():
                raise DataError(f"{path} is not a video OpenCV can decode, nor a known image")
            rate = capture.get(cv2.CAP_PROP_FPS)
        finally:
            capture.release()
        self.frame_us = 1e6 / rate if 0 < rate < 1e4 else 1e6 / 30

    def frames(self, every: int = 1) -> Iterator[Frame]:
        return self._decode(lambda index: index % every == 0, last=None)

    def select(self, names: Sequence[str | int]) -> Iterator[Frame]:
        wanted = {int(name) for name in names}
        if not wanted:
            return
        decoded = 0
        for frame in self._decode(wanted.__contains__, last=max(wanted)):
            decoded += 1
            yield frame
        if decoded < len(wanted):
            lost = sorted(wanted)[decoded]
            raise DataError(f"{self.path} ends before frame {lost}, which the table names")

    def _decode(self, is_wanted: Callable[[int], bool], last: int | None) -> Iterator[Frame]:
        capture = require_cv2().VideoCapture(str(self.path))
        try:
            index = 0
            while (last is None or index <= last) and capture.grab():
                if is_wanted(index):
                    ok, image = capture.retrieve()
                    if not ok or image is None:
                        raise DataError(f"{self.path}: frame {index} cannot be decoded")
                    yield Frame(index, round(index * self.frame_us), np.asarray(image, np.uint8))
                index += 1
        finally:
            capture.release()
