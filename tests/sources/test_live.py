"""The newest frame, from threads: what is overwritten, repeated, late, broken and over."""

import sys
import threading
import time

import numpy as np
import pytest

from edgegeo.errors import MissingExtraError, RangeError, ShapeError
from edgegeo.sources import PushedFrames, SourceState, live_camera, open_camera
from edgegeo.sources.gstreamer import has_gstreamer
from edgegeo.sources.live_camera import LiveCamera
from edgegeo.sources.newest import now_us
from edgegeo.sources.stream_clock import StreamClock
from tests.fake_localizer import write_frames

cv2 = pytest.importorskip("cv2")


def grey(level):
    return np.full((4, 6, 3), level, np.uint8)


def wait_for(condition, within_s=5.0):
    end = time.monotonic() + within_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_only_the_newest_frame_is_kept():
    camera = PushedFrames()
    for level in range(5):
        camera.push(grey(level), exposure_us=level)
    frame = camera.latest(0)
    assert (frame.name, frame.time_us, frame.clock) == (4, 4, "monotonic")
    assert frame.image[0, 0, 0] == 4
    assert camera.latest(0) is None
    assert (camera.status.frames, camera.status.overwritten) == (5, 4)


def test_a_repeated_picture_is_counted_and_not_given():
    camera = PushedFrames(stall_s=0.05)
    for _ in range(3):
        camera.push(grey(7))
    assert camera.latest(0) is not None
    assert camera.latest(0) is None
    assert camera.status.duplicates == 2
    time.sleep(0.1)
    camera.push(grey(7))
    assert camera.status.state is SourceState.STALLED  # a frozen camera shows nothing new
    camera.push(grey(8))
    assert camera.status.state is SourceState.RUNNING


def test_a_pushed_array_may_be_used_again():
    camera, image = PushedFrames(), grey(1)
    camera.push(image)
    image[:] = 2
    assert camera.latest(0).image[0, 0, 0] == 1
    camera.push(image)
    assert camera.status.duplicates == 0


def test_waiting_ends_with_the_frame_or_with_the_camera():
    camera = PushedFrames()
    threading.Timer(0.05, lambda: camera.push(grey(1))).start()
    assert camera.latest(5) is not None
    threading.Timer(0.05, camera.close).start()
    start = time.monotonic()
    assert camera.latest(5) is None
    assert time.monotonic() - start < 4
    assert camera.status.state is SourceState.ENDED


@pytest.mark.parametrize("image", [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 3), np.float32)])
def test_what_is_no_frame_is_refused(image):
    with pytest.raises(ShapeError, match="uint8"):
        PushedFrames().push(image)


def test_a_broken_stream_is_opened_again_and_waited_for_longer(monkeypatch):
    monkeypatch.setattr(live_camera, "FIRST_WAIT_S", 0.02)
    opened = []

    def stream():
        opened.append(time.monotonic())
        if len(opened) == 5:
            yield None, grey(1)
        if len(opened) > 6:
            time.sleep(0.5)
        raise OSError("cable pulled")

    with LiveCamera(stream) as camera:
        assert camera.latest(5) is not None
        assert wait_for(lambda: len(opened) >= 7)
        waits = np.diff(opened)
        assert camera.status.error == "OSError: cable pulled"
        assert camera.status.reconnects >= 6
    assert (waits[:4] >= [0.02, 0.04, 0.08, 0.16]).all()
    assert waits[4] < 0.16  # a frame came in between: the wait starts over


def test_the_delay_of_the_camera_is_taken_off():
    def stream():
        yield None, grey(1)
        time.sleep(5)

    with LiveCamera(stream, delay_ms=250) as camera:
        frame = camera.latest(5)
        assert 250_000 <= now_us() - frame.time_us < 2_000_000
    with pytest.raises(RangeError, match="delay_ms"):
        LiveCamera(stream, delay_ms=-1)


def test_jitter_of_the_network_falls_away_and_drift_is_followed():
    rng = np.random.default_rng(0)
    clock, errors = StreamClock(), []
    for i in range(3000):
        sent = 33_333 * i
        real = sent * (1 + 5e-5) + 1_000_000  # the camera's clock runs slow by 50 ppm
        delay = 20_000 + rng.exponential(15_000)
        errors.append(clock.monotonic_us(sent, round(real + delay)) - real - 20_000)
    assert np.abs(errors[100:]).max() < 10_000
    assert np.median(np.abs(errors[100:])) < 3_000


def test_a_stream_that_starts_over_gets_a_new_offset():
    clock = StreamClock()
    assert clock.monotonic_us(90_000_000, arrived_us=1_000) == 1_000
    assert clock.monotonic_us(0, arrived_us=41_000) == 41_000
    assert clock.monotonic_us(None, arrived_us=77_000) == 77_000


def test_a_folder_in_real_time_comes_at_its_pace(tmp_path):
    with open_camera(str(write_frames(tmp_path / "f", 4)), rate_hz=10) as camera:
        frames = [camera.latest(2) for _ in range(4)]
        assert wait_for(lambda: camera.status.state is SourceState.ENDED)
    steps = np.diff([frame.time_us for frame in frames])
    assert steps == pytest.approx(100_000, abs=50_000)  # the machine may be busy
    assert now_us() - frames[0].time_us >= 250_000


def test_a_slow_reader_of_a_real_time_replay_gets_the_newest(tmp_path):
    with open_camera(str(write_frames(tmp_path / "f", 6)), rate_hz=50) as camera:
        assert wait_for(lambda: camera.status.state is SourceState.ENDED)
        assert camera.latest(0).name == 5
        assert camera.status.overwritten == 5


def test_as_fast_as_possible_every_frame_is_given_in_turn(tmp_path):
    folder = write_frames(tmp_path / "f", 4)
    camera = open_camera(str(folder), realtime=False, rate_hz=2)
    frames = [camera.latest() for _ in range(4)]
    assert [frame.time_us for frame in frames] == [0, 500_000, 1_000_000, 1_500_000]
    assert [frame.name for frame in frames] == ["000.png", "001.png", "002.png", "003.png"]
    assert frames[0].clock == "file"
    assert camera.latest() is None
    assert camera.status.state is SourceState.ENDED
    assert camera.status.frames == 4


def test_a_broken_image_ends_a_replay_and_is_told(tmp_path):
    folder = write_frames(tmp_path / "f", 2)
    (folder / "001.png").write_bytes(b"broken")
    camera = open_camera(str(folder), realtime=False)
    assert camera.latest() is not None
    assert camera.latest() is None
    assert "001.png" in camera.status.error


def test_a_pipeline_needs_an_opencv_that_has_gstreamer():
    if has_gstreamer(cv2.getBuildInformation()):
        pytest.skip("this OpenCV has GStreamer")
    with pytest.raises(MissingExtraError, match="built without GStreamer"):
        open_camera("gst:videotestsrc ! videoconvert ! appsink")


def test_a_pipeline_gives_its_pictures_and_is_opened_again_when_it_ends():
    """Needs an OpenCV with GStreamer, as Debian's and JetPack's are."""
    if not has_gstreamer(cv2.getBuildInformation()):
        pytest.skip("this OpenCV has no GStreamer")
    pipeline = (
        "gst:videotestsrc is-live=true num-buffers=20 pattern=snow "
        "! video/x-raw,width=160,height=120,framerate=20/1 ! videoconvert "
        "! video/x-raw,format=BGR ! appsink drop=true"
    )
    with open_camera(pipeline, delay_ms=40) as camera:
        frames = [camera.latest(10.0) for _ in range(3)]
        assert {frame.image.shape for frame in frames} == {(120, 160, 3)}
        times = [frame.time_us for frame in frames]
        assert times == sorted(set(times))
        assert 40_000 <= now_us() - times[-1] < 2_000_000
        assert wait_for(lambda: camera.status.reconnects > 0, within_s=10.0)
        assert "no more frames" in camera.status.error
        assert camera.latest(10.0) is not None
    with open_camera("gst:no_such_element ! appsink") as camera:
        assert wait_for(lambda: camera.status.error is not None, within_s=10.0)
        assert "cannot be opened" in camera.status.error


def test_without_pyav_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    for where in ("rtsp://127.0.0.1/x", "/dev/video0"):
        with pytest.raises(MissingExtraError, match=r"edgegeo\[fly\]"):
            open_camera(where)
