"""Streams over loopback: read, cut, killed, silent, and back again.

V4L2 wants a camera at /dev/video0; where there is one, it is read too.
"""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from edgegeo.errors import DataError
from edgegeo.sources import SourceState, open_camera, streams
from edgegeo.sources.live_camera import LiveCamera
from edgegeo.sources.newest import now_us
from edgegeo.sources.streams import av_stream

pytest.importorskip("av")


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def sending(url, form, frames=400, stall_at=-1):
    command = [sys.executable, "-m", "tests.sources.sender", url, form, str(frames), str(stall_at)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as sender:
        try:
            yield sender
        finally:
            sender.kill()


def frames_of(camera, count, within_s=20.0):
    frames, end = [], time.monotonic() + within_s
    while len(frames) < count and time.monotonic() < end:
        frame = camera.latest(0.5)
        if frame is not None:
            frames.append(frame)
    return frames


def wait_for(condition, within_s=15.0):
    end = time.monotonic() + within_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def check(frames, count):
    assert len(frames) == count
    levels = [frame.image.mean() / 8 for frame in frames]
    for frame in frames:
        assert frame.image.shape == (120, 160, 3)
        assert frame.image.std() < 3
        assert frame.clock == "monotonic"
        assert -100_000 < now_us() - frame.time_us < 30_000_000
    assert len(set(map(round, levels))) > count / 2  # moving pictures
    times = [frame.time_us for frame in frames]
    assert times == sorted(times)


def test_udp_mpeg_ts(port):
    url = f"udp://127.0.0.1:{port}"
    with sending(f"{url}?pkt_size=1316", "mpegts"), open_camera(url) as camera:
        check(frames_of(camera, 20), 20)
        assert camera.status.state is SourceState.RUNNING
        assert camera.status.error is None


def test_rtsp(port):
    """Here the reader listens and the camera announces itself; the packets are those of RTSP."""
    url = f"rtsp://127.0.0.1:{port}/camera"
    stream = partial(av_stream, url, options={"rtsp_flags": "listen", "listen_timeout": "5"})
    with LiveCamera(stream) as camera, sending(url, "rtsp"):
        check(frames_of(camera, 20), 20)


def test_a_sender_killed_in_the_middle_and_started_again(port):
    url = f"tcp://127.0.0.1:{port}?listen=1"
    with LiveCamera(partial(av_stream, url, format="mpegts"), stall_s=0.5) as camera:
        to = f"tcp://127.0.0.1:{port}"
        with sending(to, "mpegts"):
            first = frames_of(camera, 10)
        assert wait_for(lambda: camera.status.state is SourceState.CONNECTING)
        before = camera.status
        assert before.error
        with sending(to, "mpegts"):
            again = frames_of(camera, 20)
        assert len(first) == 10
        assert len(again) == 20
        assert again[-1].name > first[-1].name
        assert again[-1].time_us > first[-1].time_us
        assert camera.status.reconnects >= 1


def test_a_sender_that_falls_silent_is_a_stall_and_then_opened_again(port, monkeypatch):
    monkeypatch.setattr(streams, "READ_S", 1.5)
    url = f"tcp://127.0.0.1:{port}?listen=1"
    stream = partial(av_stream, url, format="mpegts")
    with (
        LiveCamera(stream, stall_s=0.4) as camera,
        sending(f"tcp://127.0.0.1:{port}", "mpegts", stall_at=30),
    ):
        assert frames_of(camera, 5)
        assert wait_for(lambda: camera.status.state is SourceState.STALLED)
        assert wait_for(lambda: camera.status.error is not None)
        assert camera.status.state is SourceState.CONNECTING


def test_an_address_that_does_not_answer_raises_nothing(port):
    with open_camera(f"rtsp://127.0.0.1:{port}/none") as camera:
        assert camera.latest(0.1) is None
        assert wait_for(lambda: camera.status.error is not None)
        assert "refused" in camera.status.error
        assert camera.status.state is SourceState.CONNECTING


def test_sound_alone_is_no_camera(tmp_path):
    import av

    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        stream.layout = "mono"
        frame = av.AudioFrame(format="s16", layout="mono", samples=8000)
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    with pytest.raises(DataError, match="no video"):
        next(av_stream(str(path)))


@pytest.mark.skipif(not Path("/dev/video0").exists(), reason="no camera at /dev/video0")
def test_v4l2():
    with open_camera("/dev/video0") as camera:
        assert frames_of(camera, 5)


@pytest.mark.parametrize("options", ["", "?video_size=1280x720&framerate=30"])
def test_a_device_that_is_not_there_is_told_by_the_status(options):
    with open_camera(f"/dev/video63{options}") as camera:
        assert wait_for(lambda: camera.status.error is not None)
        assert "No such file" in camera.status.error
        assert "'/dev/video63'" in camera.status.error
