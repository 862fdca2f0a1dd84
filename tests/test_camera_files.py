"""The calibration files people have, as their tools write them, and spoiled ones."""

import numpy as np
import pytest

from edgegeo.camera import Lens
from edgegeo.camera_files import read_camera
from edgegeo.errors import DataError

pytest.importorskip("yaml")

ROS = """
image_width: 640
image_height: 480
camera_name: down
camera_matrix:
  rows: 3
  cols: 3
  data: [500.5, 0., 321.25, 0., 501.5, 239.75, 0., 0., 1.]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.2, 0.1, 0.001, -0.002, 0.0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
"""
KALIBR = """
cam0:
  cam_overlaps: [1]
  camera_model: pinhole
  distortion_coeffs: [0.01, -0.02, 0.003, -0.0004]
  distortion_model: equi
  intrinsics: [400.0, 401.0, 320.0, 240.0]
  resolution: [640, 480]
  rostopic: /cam0/image_raw
cam1:
  camera_model: pinhole
  distortion_coeffs: [-0.2, 0.1, 0.001, -0.002]
  distortion_model: radtan
  intrinsics: [300.0, 301.0, 160.0, 120.0]
  resolution: [320, 240]
"""


def written(tmp_path, text, name="camera.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_ros_camera_info(tmp_path):
    camera = read_camera(written(tmp_path, ROS), mount_yaw_deg=90.0)
    assert (camera.width_px, camera.height_px) == (640, 480)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (
        500.5,
        501.5,
        321.25,
        239.75,
    )
    assert camera.lens is Lens.RADTAN
    assert camera.distortion == (-0.2, 0.1, 0.001, -0.002, 0.0)
    assert camera.mount_yaw_deg == 90.0


def test_ros_without_distortion_is_a_pinhole(tmp_path):
    text = ROS.replace("[-0.2, 0.1, 0.001, -0.002, 0.0]", "[0, 0, 0, 0, 0]")
    assert read_camera(written(tmp_path, text)).lens is Lens.NONE


def test_kalibr_camchain(tmp_path):
    path = written(tmp_path, KALIBR)
    first, second = read_camera(path), read_camera(path, name="cam1")
    assert (first.lens, first.distortion) == (Lens.FISHEYE, (0.01, -0.02, 0.003, -0.0004))
    assert (first.fx_px, first.cy_px) == (400.0, 240.0)
    assert (second.lens, second.width_px) == (Lens.RADTAN, 320)
    with pytest.raises(DataError, match=r"cam7.*cam0"):
        read_camera(path, name="cam7")


@pytest.mark.parametrize("suffix", ["yml", "xml", "json"])
@pytest.mark.parametrize("fisheye", [False, True])
def test_opencv_file_storage(tmp_path, suffix, fisheye):
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / f"camera.{suffix}"
    numbers = [0.1, -0.2, 0.01, 0.02] if fisheye else [0.1, -0.2, 0.01, 0.02, 0.3]
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("fisheye_model", int(fisheye))
    storage.write("camera_matrix", np.array([[500.5, 0, 321], [0, 501.5, 239], [0, 0, 1]]))
    storage.write("distortion_coefficients", np.array([numbers]).T)
    storage.release()
    camera = read_camera(path)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (500.5, 501.5, 321, 239)
    assert camera.lens is (Lens.FISHEYE if fisheye else Lens.RADTAN)
    assert camera.distortion == tuple(numbers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no table"),
        ("hello", "no table"),
        ("a: [1, 2", "not YAML"),
        ("[" * 5000, "not"),
        ("a: 1", r"expected camera_matrix.*\['a'\]"),
        (ROS.replace("image_width: 640", ""), "lacks 'image_width'"),
        (ROS.replace("image_width: 640", "image_width: wide"), "usable"),
        (ROS.replace("500.5", "-500.5"), "fx_px"),
        (ROS.replace("500.5, 0.,", ""), "9 numbers"),
        (ROS.replace("plumb_bob", "thin_prism"), "plumb_bob.*thin_prism"),
        (ROS.replace("[-0.2, 0.1,", "[.nan, 0.1,"), "finite"),
        (ROS.replace("image_width: 640", "image_width: .inf"), "usable"),
        ("camera_matrix: 5", "usable"),
        ("camera_matrix:\n  data: 5", "usable"),
        (ROS[: ROS.index("distortion_coefficients")] + "distortion_coefficients: [1]", "usable"),
        ("cam0: 5", "usable"),
        ("cam0: {resolution: [640, 480]}", "lacks 'intrinsics'"),
        (KALIBR.replace("pinhole", "omni"), "omni"),
        (KALIBR.replace("[640, 480]", "[640]"), "usable"),
        ("%YAML:1.0\n---\nimage_width: 640\n", "lacks"),
        ("%YAML:1.0\n---\ncamera_matrix: !!opencv-matrix\n  rows: x", "usable|lacks|parse"),
        ("<?xml version='1.0'?><opencv_storage><a>", "usable|lacks|parse"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("x" * 1_000_001, "larger"),
    ],
)
def test_a_spoiled_file_is_told_and_never_run(tmp_path, text, message):
    pytest.importorskip("cv2")
    with pytest.raises(DataError, match=message):
        read_camera(written(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(DataError, match="cannot read"):
        read_camera(tmp_path / "none.yaml")
    (tmp_path / "raw").write_bytes(b"\xff\xfe\x80\x81")
    with pytest.raises(DataError, match="cannot read"):
        read_camera(tmp_path / "raw")
