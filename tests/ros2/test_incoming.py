"""Messages in: pictures of each encoding, calibrations, axes, dates."""

import math
from array import array

import numpy as np
import pytest

from edgegeo.attitude import matrix, quaternion
from edgegeo.camera import Lens
from edgegeo.errors import DataError, RangeError
from edgegeo.height import HeightSource
from edgegeo.ros2 import incoming
from edgegeo.ros2.outgoing import fill, header
from edgegeo.ros2.vehicle import RosVehicle
from tests.ros2.messages import load, message

NOW_US = 1_790_000_000_000_000
BGR = np.random.default_rng(0).integers(0, 255, (4, 6, 3)).astype(np.uint8)


def image(encoding, pixels, padding=0):
    rows = pixels.reshape(len(pixels), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    return message(
        "sensor_msgs/Image",
        header=header(NOW_US, "camera"),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=rows.shape[1],
        data=array("B", rows.tobytes()),
    )


@pytest.mark.parametrize("padding", [0, 5])
def test_each_encoding_becomes_bgr(padding):
    np.testing.assert_array_equal(incoming.picture(image("bgr8", BGR, padding)), BGR)
    np.testing.assert_array_equal(incoming.picture(image("rgb8", BGR[..., ::-1], padding)), BGR)
    grey = incoming.picture(image("mono8", BGR[..., 0], padding))
    np.testing.assert_array_equal(grey, BGR[..., :1].repeat(3, axis=2))
    assert grey.flags.c_contiguous


def test_what_is_no_picture_is_told():
    with pytest.raises(DataError, match="one of bgr8, rgb8, mono8, got 'bayer_rggb8'"):
        incoming.picture(image("bayer_rggb8", BGR))
    short = image("bgr8", BGR)
    short.data = short.data[:-1]
    with pytest.raises(DataError, match="needs 72 bytes, got 71"):
        incoming.picture(short)
    with pytest.raises(DataError, match="encoding must be"):
        incoming.picture(load("sensor_msgs/Image")())


def test_a_compressed_picture():
    cv2 = pytest.importorskip("cv2")
    png = array("B", cv2.imencode(".png", BGR)[1].tobytes())
    name = "sensor_msgs/CompressedImage"
    np.testing.assert_array_equal(
        incoming.compressed_picture(message(name, format="png", data=png)), BGR
    )
    for broken in (png[:0], array("B", range(50))):
        with pytest.raises(DataError, match="cannot be decoded"):
            incoming.compressed_picture(message(name, format="jpeg", data=broken))


def camera_info(**changes):
    k = np.array([800.0, 0, 320, 0, 810, 230, 0, 0, 1])
    fields = {"width": 640, "height": 480, "distortion_model": "plumb_bob", "k": k}
    return message("sensor_msgs/CameraInfo", **{**fields, "d": [0.0] * 5, **changes})


def test_camera_info():
    camera = incoming.camera(camera_info(d=[0.1, 0.0, 0.0, 0.0, 0.0]), mount_yaw_deg=90.0)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (800, 810, 320, 230)
    assert camera.lens is Lens.RADTAN
    assert camera.mount_yaw_deg == 90.0
    assert incoming.camera(camera_info()).lens is Lens.NONE
    whole = {"width": 640, "height": 480}
    assert incoming.camera(camera_info(roi=whole, binning_x=1, binning_y=1)).width_px == 640


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"k": np.zeros(9)}, "not calibrated"),
        ({"binning_x": 2}, "binning"),
        ({"roi": {"x_offset": 10, "width": 600, "height": 480}}, "region of interest"),
        ({"distortion_model": "thin_prism"}, "distortion model must be one of"),
        ({"width": 3}, "camera width_px must be"),
    ],
)
def test_a_camera_info_that_is_not_usable(changes, says):
    with pytest.raises(DataError, match=says):
        incoming.camera(camera_info(**changes))


def test_axes_by_hand():
    """ROS says level and facing east with the identity; nose up is negative about the left."""
    east = fill(load("geometry_msgs/Quaternion")(), {"w": 1.0})
    np.testing.assert_allclose(
        matrix(incoming.attitude(east)), matrix(quaternion(0, 0, math.pi / 2)), atol=1e-12
    )
    half = math.radians(-10) / 2
    up = fill(load("geometry_msgs/Quaternion")(), {"w": math.cos(half), "y": math.sin(half)})
    np.testing.assert_allclose(
        matrix(incoming.attitude(up)),
        matrix(quaternion(0, math.radians(10), math.pi / 2)),
        atol=1e-12,
    )
    with pytest.raises(RangeError):
        incoming.attitude(load("geometry_msgs/Quaternion")())  # what an unset message has


def vehicle():
    return RosVehicle(lambda: NOW_US)


def test_the_topics_of_ros():
    v = vehicle()
    stamped = header(NOW_US - 5_000, "base")
    v.take("imu", message("sensor_msgs/Imu", header=stamped, orientation={"w": 1.0}))
    assert v.told.attitudes.at(NOW_US - 5_000) is not None
    v.take(
        "twist",
        message(
            "geometry_msgs/TwistStamped", header=stamped, twist={"linear": {"x": 3.0, "y": 4.0}}
        ),
    )
    assert (v.velocity().east_m_s, v.velocity().north_m_s) == (3.0, 4.0)
    v.take("height", message("std_msgs/Float64", data=95.0))
    assert v.told.heights.at(NOW_US).source is HeightSource.TERRAIN
    near = {"header": stamped, "min_range": 0.5, "max_range": 150.0}
    v.take("range", message("sensor_msgs/Range", **near, range=100.0))
    assert (v.told.heights.at(NOW_US).source, v.told.heights.at(NOW_US).height_m) == (
        HeightSource.RANGEFINDER,
        100.0,
    )
    v.take("range", message("sensor_msgs/Range", **near, range=math.inf))
    assert v.told.heights.at(NOW_US).height_m == 100.0


def test_a_range_is_aslant_where_the_vehicle_tilts():
    v = vehicle()
    half = math.radians(30) / 2
    turn = {"w": math.cos(half), "x": math.sin(half)}
    v.take("pose", message("geometry_msgs/PoseStamped", pose={"orientation": turn}))
    near = {"min_range": 0.5, "max_range": 150.0, "range": 100.0}
    v.take("range", message("sensor_msgs/Range", **near))
    assert v.told.heights.at(NOW_US).height_m == pytest.approx(100 * math.cos(math.radians(30)))


def test_an_imu_without_orientation_and_one_of_zeros():
    v = vehicle()
    none = np.array([-1.0, *[0.0] * 8])
    v.take("imu", message("sensor_msgs/Imu", orientation_covariance=none, orientation={"w": 1.0}))
    assert (len(v.told.attitudes), sum(v.strange.values())) == (0, 0)
    v.take("imu", message("sensor_msgs/Imu"))
    assert (len(v.told.attitudes), v.strange["imu"]) == (0, 1)


def test_the_topics_of_px4():
    v = vehicle()
    q = np.array(quaternion(0.1, 0.0, 1.0), np.float32)
    v.take(
        "px4_attitude",
        message("px4_msgs/VehicleAttitude", timestamp_sample=NOW_US - 4_000, q=q),
    )
    np.testing.assert_allclose(v.told.attitudes.at(NOW_US - 4_000), q, atol=1e-6)
    local = {"timestamp_sample": NOW_US, "z_valid": True, "z": -80.0, "ref_alt": 500.0}
    v.take("px4_local", message("px4_msgs/VehicleLocalPosition", **local, z_global=True))
    assert v.altitude_m == 580.0
    assert v.velocity() is None  # not valid
    assert v.told.heights.at(NOW_US).source is HeightSource.RELATIVE
    more = {"v_xy_valid": True, "vx": 2.0, "vy": -1.0, "dist_bottom_valid": True}
    v.take("px4_local", message("px4_msgs/VehicleLocalPosition", **local, **more, dist_bottom=75.0))
    assert (v.velocity().north_m_s, v.velocity().east_m_s) == (2.0, -1.0)
    assert v.told.heights.at(NOW_US).height_m == 75.0
    assert v.altitude_m is None


def test_a_clock_that_is_not_ours_gives_way_to_the_arrival():
    v = vehicle()
    q = np.array([1, 0, 0, 0], np.float32)
    v.take("px4_attitude", message("px4_msgs/VehicleAttitude", timestamp_sample=12_345_678, q=q))
    assert v.told.attitudes.at(NOW_US) is not None
