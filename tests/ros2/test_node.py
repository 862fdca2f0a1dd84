"""The node: real localizer, tracker and gate between doubles of rclpy's node and messages."""

import math
import sys
from functools import cache
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from edgegeo.attitude import quaternion
from edgegeo.autopilot.gate import Gate
from edgegeo.building.build import build
from edgegeo.demo.landscape import landscape
from edgegeo.errors import MissingExtraError, RangeError
from edgegeo.geodesy import distance_m, geo_from_enu
from edgegeo.localizer import Localizer
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.rectify import camera_offset_m
from edgegeo.ros2.incoming import enu_attitude
from edgegeo.ros2.node import main, message_class, read_settings
from edgegeo.ros2.outgoing import fill, header
from edgegeo.ros2.seeing import Seeing
from edgegeo.ros2.settings import NodeSettings
from edgegeo.ros2.vehicle import RosVehicle
from edgegeo.ros2.wiring import Wiring
from edgegeo.simulation.camera import Shot, render
from tests.ros2.doubles import Node, load, through_cdr

LAT, LON, GSD_M, SIDE_PX = 47.25, 8.5, 0.6, 640
SIZE, FOV_DEG, FOOTPRINT_M = (480, 360), 60.0, 120.0
HEIGHT_M = FOOTPRINT_M / SIZE[1] * SIZE[0] / 2 / math.tan(math.radians(FOV_DEG) / 2)
HEADING_DEG, PITCH_DEG, SPEED_M_S = 130.0, 10.0, 8.0
START_US, STEP_US = 1_790_000_000_000_000, 250_000
FOCAL_PX = SIZE[0] / 2 / math.tan(math.radians(FOV_DEG) / 2)


def message(name, **fields):
    return through_cdr(fill(load(name)(), fields))


@cache
def ground(date):
    """The landscape as mapped on date 0 and flown over on date 1."""
    rgb = landscape(1_000_000, SIDE_PX, GSD_M, date=date, style="suburb")
    return ArrayRaster(rgb, None, LAT, LON, GSD_M, name="landscape", licence="CC0")


@pytest.fixture(scope="module")
def localizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ros2")
    build([ground(0)], folder / "e.edgegeo", footprint_m=FOOTPRINT_M, progress=False)
    return Localizer(folder / "e.edgegeo", threads=2)


class Flown:
    """The node over the map on another date, flying east, looking ahead by 10 degrees."""

    def __init__(self, localizer, without=(), **parameters):
        self.node = Node(START_US, engine="e", **parameters)
        settings = read_settings(self.node)

        def clock():
            return self.node.now_us

        vehicle = RosVehicle(clock)
        self.seeing = Seeing(localizer, vehicle, Gate(), clock)
        self.wiring = Wiring(
            self.node, lambda name: load(name, without), None, settings, self.seeing, vehicle
        )
        self.rng = np.random.default_rng(0)
        self.steps = 0

    def hear(self, topic, name, **fields):
        stamped = {} if "px4" in name or "std_msgs" in name else {"header": self.header()}
        self.node.callbacks[topic](message(name, **stamped, **fields))

    def header(self):
        return header(self.node.now_us, "down_camera")

    def camera_info(self):
        k = np.array([FOCAL_PX, 0, (SIZE[0] - 1) / 2, 0, FOCAL_PX, (SIZE[1] - 1) / 2, 0, 0, 1])
        width, height = SIZE
        self.hear("camera_info", "sensor_msgs/CameraInfo", width=width, height=height, k=k)

    def picture(self):
        """Take the frame of this moment; return where the camera was."""
        lat, lon = geo_from_enu(-20 + SPEED_M_S * 1e-6 * STEP_US * self.steps, 15.0, LAT, LON)
        shot = Shot(
            lat_deg=float(lat),
            lon_deg=float(lon),
            heading_deg=HEADING_DEG,
            gsd_m=FOOTPRINT_M / SIZE[1],
            size=SIZE,
            roll_deg=0.0,
            pitch_deg=PITCH_DEG,
            fov_deg=FOV_DEG,
        )
        image = render(ground(1), shot, self.rng)
        self.hear(
            "image",
            "sensor_msgs/Image",
            height=SIZE[1],
            width=SIZE[0],
            encoding="bgr8",
            step=3 * SIZE[0],
            data=image.ravel(),
        )
        offset = camera_offset_m(HEIGHT_M, HEADING_DEG, 0.0, PITCH_DEG)
        return tuple(float(v) for v in geo_from_enu(*offset, lat, lon))

    def imu(self):
        w, x, y, z = enu_attitude(
            quaternion(0.0, math.radians(PITCH_DEG), math.radians(HEADING_DEG))
        )
        self.hear("imu", "sensor_msgs/Imu", orientation={"w": w, "x": x, "y": y, "z": z})

    def step(self, tell):
        self.node.now_us = START_US + STEP_US * self.steps
        tell()
        true = self.picture()
        self.wiring.see(0.0)
        self.node.timers[0][1]()
        self.steps += 1
        return true


def test_the_cameras_own_position_is_published_from_images_and_topics(localizer):
    flown = Flown(localizer, map_to_odom=True)
    sent = flown.node.published

    def tell():
        flown.camera_info()
        flown.imu()
        down = HEIGHT_M / math.cos(math.radians(PITCH_DEG))
        flown.hear("range", "sensor_msgs/Range", min_range=1.0, max_range=200.0, range=down)
        linear = {"x": SPEED_M_S}
        flown.hear("velocity", "geometry_msgs/TwistStamped", twist={"linear": linear})
        odom = {"pose": {"position": {"x": 5.0}, "orientation": {"w": 1.0}}}
        flown.hear("odom", "nav_msgs/Odometry", pose=odom)

    for _ in range(9):
        before = len(sent["~/fix"])
        true = flown.step(tell)
    assert before  # it has been published before the last step
    assert len(sent["~/fix"]) < 9  # and not before a place was seen for a while
    fix = sent["~/fix"][-1]
    assert fix.header.frame_id == "down_camera"
    off_m = float(distance_m(fix.latitude, fix.longitude, *true))
    sigma_m = math.sqrt(fix.position_covariance[0] + fix.position_covariance[4])
    assert off_m < 6.0  # the picture's centre lies 24 m ahead of the camera
    assert off_m < 3 * sigma_m < 40.0
    pose = sent["~/geopose"][-1].pose
    assert (pose.pose.position.latitude, pose.covariance[0]) == (
        fix.latitude,
        fix.position_covariance[0],
    )
    assert len(sent["/tf"]) == len(sent["~/geopose"]) == len(sent["~/fix"])
    first = sent["/tf"][0].transforms[0]
    turn = 2 * math.atan2(first.transform.rotation.z, first.transform.rotation.w)
    assert math.degrees(turn) == pytest.approx(90 - HEADING_DEG)  # odom's x is the drone's nose
    assert first.transform.translation.x == pytest.approx(-5 * math.cos(turn))
    assert [text.partition(":")[0] for text in flown.node.said] == ["SEARCHING", "TRACKING"]


def test_silence_and_a_reason_where_something_is_not_told(localizer):
    flown = Flown(localizer)
    flown.step(lambda: None)
    flown.step(flown.camera_info)
    flown.step(lambda: (flown.camera_info(), flown.imu()))
    assert flown.seeing.skipped == {
        "without camera_info": 1,
        "without an attitude at the exposure": 1,
        "without a height above ground": 1,
    }
    assert flown.node.published["~/fix"] == []
    assert "frames skipped: 1 without camera_info" in flown.node.said[-1]


def test_images_and_calibrations_that_cannot_be_used_are_told(localizer):
    flown = Flown(localizer)
    flown.hear("image", "sensor_msgs/Image", encoding="yuv422")
    flown.hear("camera_info", "sensor_msgs/CameraInfo")
    assert "got 'yuv422'" in flown.node.said[0]
    assert "not calibrated" in flown.node.said[1]


def test_px4_in_and_out(localizer):
    flown = Flown(localizer, vehicle="px4", sensor_id=4)
    assert {"/fmu/out/vehicle_attitude", "/fmu/out/vehicle_local_position_v1"} < set(
        flown.node.callbacks
    )
    q = np.array(quaternion(0, math.radians(PITCH_DEG), math.radians(HEADING_DEG)), np.float32)

    def tell():
        flown.camera_info()
        now = {"timestamp_sample": flown.node.now_us}
        flown.hear("/fmu/out/vehicle_attitude", "px4_msgs/VehicleAttitude", **now, q=q)
        flown.hear(
            "/fmu/out/vehicle_local_position_v1",
            "px4_msgs/VehicleLocalPosition",
            **now,
            dist_bottom_valid=True,
            dist_bottom=HEIGHT_M,
            v_xy_valid=True,
            vx=0.0,
            vy=SPEED_M_S,
        )

    for _ in range(9):
        true = flown.step(tell)
    out = flown.node.published["/fmu/in/aux_global_position_v1"][-1]
    assert distance_m(out.lat, out.lon, *true) < 6.0
    assert (out.id, out.source, out.timestamp) == (4, 2, flown.node.now_us)
    assert 0 < out.eph < 20


def test_what_is_not_installed(localizer):
    older = Flown(localizer, vehicle="px4", without=("px4_msgs/AuxGlobalPosition",))
    assert "/fmu/in/aux_global_position" in older.node.published
    bare = Flown(localizer, without=("geographic_msgs",))
    assert "~/geopose" not in bare.node.published
    assert bare.node.said == ["geographic_msgs is not installed: no ~/geopose"]
    with pytest.raises(MissingExtraError, match="ROS package px4_msgs is not installed"):
        Flown(localizer, vehicle="px4", without=("px4_msgs",))


def test_parameters():
    given = read_settings(Node(engine="e", rate_hz=5.0, map_lat_deg=1.0, map_lon_deg=2.0))
    assert given == NodeSettings(engine="e", rate_hz=5.0, map_lat_deg=1.0, map_lon_deg=2.0)


@pytest.mark.parametrize(
    "wrong",
    [{"engine": ""}, {"vehicle": "gps"}, {"rate_hz": 0}, {"sensor_id": 0}, {"map_lat_deg": 1}],
)
def test_parameters_that_cannot_be(wrong):
    with pytest.raises(RangeError, match=f"parameters? {next(iter(wrong))}"):
        read_settings(Node(**{"engine": "e", **wrong}))


@pytest.mark.skipif(message_class("sensor_msgs/Image") is not None, reason="ROS 2 is sourced")
def test_without_ros_the_command_says_what_to_source(capsys):
    assert main([]) == 2
    assert "source your distribution first" in capsys.readouterr().err


def doubled_rclpy(monkeypatch, node, spin):
    """Put a double of rclpy where `main` imports it from; the messages come from rosbags."""
    rclpy = ModuleType("rclpy")
    rclpy.calls = []
    rclpy.init = lambda args: rclpy.calls.append("init")  # noqa: ARG005
    rclpy.create_node = lambda _name: node
    rclpy.spin = spin
    rclpy.try_shutdown = lambda: rclpy.calls.append("shutdown")
    rclpy.executors = SimpleNamespace(ExternalShutdownException=InterruptedError)
    rclpy.qos = SimpleNamespace(qos_profile_sensor_data=None)
    node.destroy_node = lambda: rclpy.calls.append("destroy")
    for name, part in (("rclpy", rclpy), ("rclpy.executors", rclpy.executors)):
        monkeypatch.setitem(sys.modules, name, part)
    monkeypatch.setitem(sys.modules, "rclpy.qos", rclpy.qos)
    monkeypatch.setattr("edgegeo.ros2.node.message_class", load)
    return rclpy


def test_the_command_ends_cleanly(localizer, monkeypatch):
    def spin(_node):
        raise KeyboardInterrupt

    monkeypatch.setattr("edgegeo.ros2.node.Localizer", lambda _engine, threads: localizer)  # noqa: ARG005
    rclpy = doubled_rclpy(monkeypatch, Node(engine="e"), spin)
    assert main([]) == 0
    assert rclpy.calls == ["init", "destroy", "shutdown"]


def test_an_engine_that_is_none_ends_with_one_line(tmp_path, monkeypatch, capsys):
    rclpy = doubled_rclpy(monkeypatch, Node(engine=str(tmp_path)), None)
    assert main([]) == 2
    assert "is an empty folder, not an engine" in capsys.readouterr().err
    assert rclpy.calls == ["init", "destroy", "shutdown"]
