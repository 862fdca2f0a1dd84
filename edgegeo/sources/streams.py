"""RTSP, V4L2 and any other stream that FFmpeg reads, by PyAV."""

from collections.abc import Mapping
from types import ModuleType

import numpy as np

from edgegeo.errors import DataError, MissingExtraError
from edgegeo.sources.live_camera import Stream

OPEN_S, READ_S = 10.0, 3.0  # a silent stream is given up and opened again
PROMPT = {"fflags": "nobuffer", "flags": "low_delay"}


def require_av() -> ModuleType:
    """Import PyAV, or name the extra that brings it."""
    try:
        import av
    except ImportError as error:
        raise MissingExtraError.of("reading cameras and streams", "fly") from error
    return av


def av_stream(
    url: str, *, format: str | None = None, options: Mapping[str, str] | None = None
) -> Stream:
    """Give the pictures of a stream's first video; a packet that is broken is left out.

    `format` and `options` are FFmpeg's. Raises DataError for a stream without video, and
    whatever PyAV raises.
    """
    av = require_av()
    with av.open(
        url, format=format, options={**PROMPT, **(options or {})}, timeout=(OPEN_S, READ_S)
    ) as container:
        if not container.streams.video:
            raise DataError(f"{url} has no video")
        for packet in container.demux(container.streams.video[0]):
            try:
                pictures = packet.decode()
            except av.error.InvalidDataError:  # such as the first ones, before a key frame
                continue
            for picture in pictures:
                time_us = None
                if picture.pts is not None and picture.time_base is not None:
                    time_us = round(1e6 * picture.pts * picture.time_base)
                yield time_us, np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)
