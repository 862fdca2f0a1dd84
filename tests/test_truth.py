"""Truth tables as they come: clean ones, and those with stray blanks and quotes."""

import pytest

from edgegeo.errors import DataError
from edgegeo.truth import Pose, TruthRow, read_poses, read_truth


def write(tmp_path, text):
    path = tmp_path / "truth.csv"
    path.write_text(text)
    return path


def test_files_with_all_columns(tmp_path):
    text = "file,lat_deg,lon_deg,east_m,heading_deg,gsd_m_per_px,map\na.jpg,1.5,-2,9,350,0.1,m1\n"
    rows = read_truth(write(tmp_path, text))
    assert rows == (
        TruthRow(name="a.jpg", lat_deg=1.5, lon_deg=-2, heading_deg=350, gsd_m=0.1, place="m1"),
    )


def test_frames_without_heading_and_scale(tmp_path):
    rows = read_truth(write(tmp_path, "frame,lat_deg,lon_deg\n0,1,2\n5,3,4\n"))
    assert [row.name for row in rows] == [0, 5]
    assert rows[0].heading_deg is None
    assert rows[0].gsd_m is None
    assert rows[0].place is None


def test_stray_blanks_quotes_and_a_byte_order_mark(tmp_path):
    header = "\ufeff \"file\" , 'lat_deg', lon_deg ,heading_deg\r\n"
    text = header + ' "a b.jpg" , "1" , 2 , \r\n\r\n,,,\r\n'
    rows = read_truth(write(tmp_path, text))
    assert rows == (TruthRow(name="a b.jpg", lat_deg=1, lon_deg=2),)


def test_a_table_with_both_keys_is_read_by_the_one_the_frames_need(tmp_path):
    path = write(tmp_path, "file,frame,lat_deg,lon_deg\na.jpg,7,1,2\n")
    assert read_truth(path, numbered=True)[0].name == 7
    assert read_truth(path, numbered=False)[0].name == "a.jpg"


def test_a_folder_needs_the_column_file(tmp_path):
    with pytest.raises(DataError, match="lacks the column file"):
        read_truth(write(tmp_path, "frame,lat_deg,lon_deg\n0,1,2\n"), numbered=False)


def test_poses_need_no_position(tmp_path):
    path = write(tmp_path, "frame,heading_deg,gsd_m_per_px\n0,10,\n3,,0.2\n")
    assert read_poses(path) == {0: Pose(heading_deg=10), 3: Pose(gsd_m=0.2)}
