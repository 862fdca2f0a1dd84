"""Frames by name: from a folder, one image, a video."""

import sys

import numpy as np
import pytest

from edgegeo.errors import DataError, MissingExtraError
from edgegeo.sources import open_frames
from tests.fake_localizer import write_frames

cv2 = pytest.importorskip("cv2")


@pytest.fixture
def video(tmp_path):
    """Twelve frames at 10 per second, each of the grey level 20 * index."""
    path = tmp_path / "flight.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for i in range(12):
        writer.write(np.full((48, 64, 3), 20 * i, np.uint8))
    writer.release()
    return path


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    source = open_frames(write_frames(tmp_path / "f", 5))
    assert not source.numbered
    assert [frame.name for frame in source.frames(every=2)] == ["000.png", "002.png", "004.png"]


def test_other_and_hidden_files_of_a_folder_are_left_out(tmp_path):
    folder = write_frames(tmp_path / "f", 1)
    (folder / "truth.csv").write_text("x")
    (folder / "._000.png").write_bytes(b"left by a Mac")
    assert [frame.name for frame in open_frames(folder).frames()] == ["000.png"]


def test_one_image(tmp_path):
    folder = write_frames(tmp_path / "f", 3)
    (frame,) = open_frames(folder / "001.png").frames()
    assert frame.name == "001.png"
    assert frame.image[0, 0].tolist() == [1, 1, 1]


def test_select_reads_only_what_is_named(tmp_path):
    folder = write_frames(tmp_path / "f", 3)
    (folder / "000.png").write_bytes(b"broken, but not asked for")
    frames = open_frames(folder).select(["002.png", "001.png"])
    assert [frame.image[0, 0, 0] for frame in frames] == [2, 1]


def test_a_missing_file_is_found_before_the_first_frame(tmp_path):
    source = open_frames(write_frames(tmp_path / "f", 2))
    with pytest.raises(DataError, match=r"no file 9\.png and 1 more"):
        source.select(["000.png", "9.png", "8.png"])


@pytest.mark.parametrize("image", [np.full((20, 30), 7, np.uint8), np.full((20, 30), 1799, "<u2")])
def test_grey_and_16_bit_become_three_channels_of_8(tmp_path, image):
    cv2.imwrite(str(tmp_path / "grey.png"), image)
    (frame,) = open_frames(tmp_path).frames()
    assert frame.image.shape == (20, 30, 3)
    assert frame.image.dtype == np.uint8
    assert (frame.image == 7).all()


def test_a_video_names_its_frames_by_index_and_time(video):
    source = open_frames(video)
    frames = list(source.frames(every=5))
    assert source.numbered
    assert [(frame.name, frame.time_us) for frame in frames] == [(0, 0), (5, 500_000), (10, 10**6)]
    assert [round(frame.image.mean() / 20) for frame in frames] == [0, 5, 10]


def test_a_video_gives_the_very_frames_asked_for(video):
    frames = list(open_frames(video).select([9, 3]))
    assert [frame.name for frame in frames] == [3, 9]
    assert [round(frame.image.mean() / 20) for frame in frames] == [3, 9]


def test_a_frame_past_the_end_of_a_video(video):
    with pytest.raises(DataError, match="ends before frame 12"):
        list(open_frames(video).select([3, 12, 99]))


def test_without_opencv_the_extra_is_named(tmp_path, monkeypatch):
    folder = write_frames(tmp_path / "f", 1)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"edgegeo\[opencv\]"):
        open_frames(folder)
