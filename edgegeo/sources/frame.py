"""What every source of frames gives."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Frame(NamedTuple):
    name: str | int  # the file's name inside its folder, or the frame's index in its video
    time_us: int  # on `clock`: since the video's start; 0 for an image
    image: NDArray[np.uint8]  # (h, w, 3) BGR
    clock: str = "file"  # or "monotonic": time_us is the exposure on this computer's clock


class FrameSource(Protocol):
    """Frames by name. Both methods decode one frame at a time and raise DataError."""

    path: Path
    numbered: bool  # frames are named by index, as in a video

    def frames(self, every: int = 1) -> Iterator[Frame]:
        """Give every `every`-th frame, in order."""

    def select(self, names: Sequence[str | int]) -> Iterator[Frame]:
        """Give the named frames only, in the source's own order.

        A name the source does not hold is a DataError, raised before the first frame where
        that can be known.
        """
