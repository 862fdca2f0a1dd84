"""The console script: parameters, the executor's and the flight's threads, its end."""

import math
import threading
import time
from array import array

import numpy as np
import pytest

from edgegeo.attitude import quaternion
from edgegeo.errors import RangeError
from edgegeo.geodesy import distance_m
from edgegeo.logs import read_log
from edgegeo.ros2.flying import RosFlight
from edgegeo.ros2.incoming import enu_attitude
from edgegeo.ros2.node import main, message_class, read_settings
from edgegeo.ros2.outgoing import header
from edgegeo.ros2.settings import NodeSettings
from tests.fly.truthful import Plain, Truthful
from tests.ros2.doubles import ExternalShutdownException, Node, doubled_rclpy
from tests.ros2.messages import message

START_US = 1_790_000_000_000_000


def test_parameters():
    given = read_settings(Node(engine="e", rate_hz=5.0, map_lat_deg=1.0, map_lon_deg=2.0))
    assert given == NodeSettings(engine="e", rate_hz=5.0, map_lat_deg=1.0, map_lon_deg=2.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"engine": ""},
        {"vehicle": "gps"},
        {"rate_hz": 0.0},
        {"sensor_id": 0},
        {"map_lat_deg": 1.0},
        {"log": "", "log_frames": True},
    ],
)
def test_parameters_that_cannot_be(wrong):
    with pytest.raises(RangeError, match=f"parameters? {next(iter(wrong))}"):
        read_settings(Node(**{"engine": "e", **wrong}))


@pytest.mark.skipif(message_class("sensor_msgs/Image") is not None, reason="ROS 2 is sourced")
def test_without_ros_the_command_says_what_to_source(capsys):
    assert main([]) == 2
    assert "source your distribution first" in capsys.readouterr().err


def test_a_parameter_of_the_wrong_type_ends_with_one_line(monkeypatch, capsys):
    rclpy = doubled_rclpy(monkeypatch, Node(engine="e", rate_hz=5), None)
    assert main([]) == 2
    assert "'rate_hz' to '5' of type 'int', expecting type 'float'" in capsys.readouterr().err
    assert rclpy.calls == ["init", "shutdown"]


def test_the_command_flies_beside_the_executor_and_ends_cleanly(monkeypatch, tmp_path):
    """The real threads, and a double of a localizer: it answers by the time of the exposure."""
    scene = Plain()
    truthful = Truthful(scene, 1e-6 * START_US)
    monkeypatch.setattr("edgegeo.ros2.node.Localizer", lambda _engine, threads: truthful)  # noqa: ARG005
    node = Node(START_US, engine="e", rate_hz=20.0, log=str(tmp_path / "f.mcap"))
    begin_s = time.monotonic()

    def hear(topic, name, **fields):
        node.callbacks[topic](message(name, header=header(node.now_us, "down"), **fields))

    def deliver(time_s):
        """The topics of one moment; each image is of another place, as noise."""
        s, (width, height) = scene.state(time_s), scene.size
        focal_px = width / 2 / math.tan(math.radians(scene.fov_deg) / 2)
        k = np.array([focal_px, 0, (width - 1) / 2, 0, focal_px, (height - 1) / 2, 0, 0, 1])
        hear("camera_info", "sensor_msgs/CameraInfo", width=width, height=height, k=k)
        turn = quaternion(*map(math.radians, (s.roll_deg, s.pitch_deg, s.heading_deg)))
        w, x, y, z = enu_attitude(turn)
        hear("imu", "sensor_msgs/Imu", orientation={"w": w, "x": x, "y": y, "z": z})
        near = {"min_range": 1.0, "max_range": 200.0}
        hear("range", "sensor_msgs/Range", **near, range=s.height_m)
        data = array("B", scene.frame(time_s).tobytes())
        size = {"width": width, "height": height, "step": 3 * width}
        hear("image", "sensor_msgs/Image", **size, encoding="bgr8", data=data)

    def spin(_node):
        def is_done():
            tracking = any(said.startswith("TRACKING") for said in node.said)
            return tracking and len(node.published["~/fix"]) > 10

        while not is_done() and time.monotonic() - begin_s < 120:
            time.sleep(0.05)
            node.now_us = START_US + round(1e6 * (time.monotonic() - begin_s))
            deliver(1e-6 * (node.now_us - START_US))
        raise ExternalShutdownException

    rclpy = doubled_rclpy(monkeypatch, node, spin)
    before = threading.active_count()
    assert main([]) == 0
    assert rclpy.calls == ["init", "shutdown"]
    assert node.destroyed
    assert threading.active_count() == before
    fix = node.published["~/fix"][-1]
    at_s = fix.header.stamp.sec + 1e-9 * fix.header.stamp.nanosec - 1e-6 * START_US
    true = scene.state(at_s)
    assert distance_m(fix.latitude, fix.longitude, true.lat_deg, true.lon_deg) < 15
    assert any(said.startswith("TRACKING") for said in node.said)
    assert not read_log(tmp_path / "f.mcap").truncated


def test_a_node_whose_flight_fails_shuts_down(monkeypatch):
    monkeypatch.setattr("edgegeo.ros2.node.Localizer", lambda _engine, threads: Truthful(None, 0.0))  # noqa: ARG005
    monkeypatch.setattr(RosFlight, "fly", lambda _self, _stop: 1 / 0)
    failed = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_type))

    def spin(_node):
        while not rclpy.calls[1:]:
            time.sleep(0.01)
        raise ExternalShutdownException

    rclpy = doubled_rclpy(monkeypatch, Node(engine="e"), spin)
    main([])
    assert rclpy.calls[:2] == ["init", "shutdown"]
    assert failed == [ZeroDivisionError]


def test_an_engine_that_is_none_ends_with_one_line(tmp_path, monkeypatch, capsys):
    node = Node(engine=str(tmp_path))
    rclpy = doubled_rclpy(monkeypatch, node, None)
    assert main([]) == 2
    assert "is an empty folder, not an engine" in capsys.readouterr().err
    assert rclpy.calls == ["init", "shutdown"]
    assert node.destroyed
