"""Tell a camera from a stream from a pipeline from a file."""

from functools import partial
from urllib.parse import parse_qsl

from edgegeo.errors import RangeError
from edgegeo.sources.gstreamer import gstreamer_stream, require_gstreamer
from edgegeo.sources.live_camera import LiveCamera
from edgegeo.sources.live_source import LiveSource
from edgegeo.sources.open import open_frames
from edgegeo.sources.replay import FastReplay, paced_stream
from edgegeo.sources.streams import av_stream, require_av

PIPELINE, DEVICE = "gst:", "/dev/video"


def open_camera(
    where: str, *, delay_ms: float = 0.0, realtime: bool = True, rate_hz: float = 1.0
) -> LiveSource:
    """Open a live source; it connects in the background.

    Args:
        where: an address such as rtsp://..., udp://..., tcp://...; /dev/video0, or with FFmpeg's
            options of V4L2 /dev/video0?video_size=1280x720&framerate=30&input_format=mjpeg;
            `gst:` and a pipeline that ends in appsink; or a folder, an image or a video.
        delay_ms: from exposure to the stream's timestamp; taken off.
        realtime: files are played at their own pace; otherwise each frame is given in turn, as
            fast as it is asked for, with the file's own clock.
        rate_hz: pace of the images of a folder, which carry no time.

    Raises MissingExtraError, and for a file what `open_frames` raises. An address that does not
    answer raises nothing: it is tried again, and `status` tells.
    """
    if where.startswith(PIPELINE):
        require_gstreamer()
        return LiveCamera(
            partial(gstreamer_stream, where.removeprefix(PIPELINE)), delay_ms=delay_ms
        )
    if where.startswith(DEVICE):
        require_av()
        device, _, query = where.partition("?")
        stream = partial(av_stream, device, format="v4l2", options=dict(parse_qsl(query)))
        return LiveCamera(stream, delay_ms=delay_ms)
    if "://" in where:
        require_av()
        # Over UDP a lost packet is a grey smear in the picture; TCP sends it again.
        options = {"rtsp_transport": "tcp"} if where.startswith("rtsp") else {}
        return LiveCamera(partial(av_stream, where, options=options), delay_ms=delay_ms)
    source = open_frames(where)
    if not 0 < rate_hz <= 1000:
        raise RangeError.of("rate_hz", "in (0, 1000]", rate_hz)
    if not realtime:
        return FastReplay(source, rate_hz=rate_hz)
    return LiveCamera(partial(paced_stream, source, rate_hz), delay_ms=delay_ms, once=True)
