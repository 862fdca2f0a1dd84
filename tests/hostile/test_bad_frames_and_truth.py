"""Broken tables, images and videos: a DataError that says where, never a traceback of OpenCV."""

import numpy as np
import pytest

from edgegeo.errors import DataError
from edgegeo.sources import open_frames
from edgegeo.truth import read_truth

cv2 = pytest.importorskip("cv2")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,lat_deg,lon_deg\na,nan,2\n", "line 2: lat_deg .* got 'nan'"),
        ("file,lat_deg,lon_deg\na,1,2\nb,91,2\n", "line 3: lat_deg must be in"),
        ("file,lat_deg,lon_deg\na,1,-180.5\n", "line 2: lon_deg"),
        ("file,lat_deg,lon_deg\na,1\n", "line 2: lon_deg .* got an empty cell"),
        ("file,lat_deg,lon_deg,heading_deg\na,1,2,inf\n", "line 2: heading_deg"),
        ("file,lat_deg,lon_deg,heading_deg\na,1,2,400\n", "line 2: heading_deg"),
        ("file,lat_deg,lon_deg,gsd_m_per_px\na,1,2,0\n", "line 2: gsd_m_per_px"),
        ("file,lat_deg,lon_deg,gsd_m_per_px\na,1,2,x\n", "line 2: gsd_m_per_px .* got 'x'"),
        ("frame,lat_deg,lon_deg\n-1,1,2\n", "line 2: frame must be an index"),
        ("frame,lat_deg,lon_deg\n1.5,1,2\n", "line 2: frame must be an index"),
        ("file,lat_deg,lon_deg\n,1,2\n", "line 2: file must name"),
        ("file,lat_deg,lon_deg\na,1,2\na,1,2\n", "line 3: file a is named twice"),
        ("lat_deg,lon_deg\n1,2\n", "lacks the column file or frame"),
        ("file,lat_deg\na,2\n", "lacks the column lon_deg"),
        ("file;lat_deg;lon_deg\na;1;2\n", "lacks the column"),
        ("file,lat_deg,lon_deg\n", "no row"),
        ("", "lacks the column"),
        ("file,lat_deg,lon_deg\na\x00,1,2\n", "line|file"),
    ],
)
def test_a_bad_table_says_where(tmp_path, text, says):
    path = tmp_path / "truth.csv"
    path.write_text(text)
    if "\x00" in text:  # Python 3.10's csv refuses NUL, later ones read it
        try:
            assert read_truth(path)[0].name == "a\x00"
        except DataError:
            return
        return
    with pytest.raises(DataError, match=says):
        read_truth(path)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x80", b"\x89PNG\r\n\x1a\n\x00"])
def test_a_binary_file_is_no_table(tmp_path, data):
    path = tmp_path / "truth.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match="as a CSV table"):
        read_truth(path)


def test_a_missing_table(tmp_path):
    with pytest.raises(DataError, match=r"truth\.csv"):
        read_truth(tmp_path / "truth.csv")


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_an_unreadable_image_is_named(tmp_path, data):
    (tmp_path / "bad.jpg").write_bytes(data)
    with pytest.raises(DataError, match=r"bad\.jpg"):
        list(open_frames(tmp_path).frames())


def test_a_header_that_claims_too_many_pixels(tmp_path):
    cv2.imwrite(str(tmp_path / "huge.png"), np.zeros((4, 4, 3), np.uint8))
    data = bytearray((tmp_path / "huge.png").read_bytes())
    data[16:24] = b"\x7f\xff\xff\xff" * 2
    (tmp_path / "huge.png").write_bytes(data)
    with pytest.raises(DataError, match=r"huge\.png"):
        list(open_frames(tmp_path).frames())


@pytest.mark.parametrize("data", [b"", b"not a video at all" * 50])
def test_a_file_that_is_no_video(tmp_path, data):
    (tmp_path / "flight.mp4").write_bytes(data)
    with pytest.raises(DataError, match=r"flight\.mp4 is not a video"):
        open_frames(tmp_path / "flight.mp4")


def test_a_truncated_video_is_refused_or_ends_early(tmp_path):
    path = tmp_path / "flight.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(10):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=r"flight\.avi"):
        list(open_frames(path).select([0, 9]))


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        open_frames(tmp_path / "none")
    with pytest.raises(DataError, match="holds no image"):
        open_frames(tmp_path)
