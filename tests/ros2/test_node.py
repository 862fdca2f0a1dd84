"""The node: real localizer, tracker and gate between doubles of rclpy's node and messages."""

import math
from array import array

import numpy as np
import pytest

from edgegeo.attitude import quaternion
from edgegeo.errors import MissingExtraError
from edgegeo.fly.logged import LoggedFlight
from edgegeo.fly.tally import Problems
from edgegeo.geodesy import distance_m, geo_from_enu
from edgegeo.localizer import Localizer
from edgegeo.logs import FlightLog, read_log
from edgegeo.rectify import camera_offset_m
from edgegeo.ros2.flying import RosFlight
from edgegeo.ros2.incoming import enu_attitude
from edgegeo.ros2.node import read_settings
from edgegeo.ros2.outgoing import header
from edgegeo.simulation.camera import Shot, render
from edgegeo.sources import Frame
from tests.autopilot.fixes import a_fix
from tests.ros2.doubles import Node
from tests.ros2.messages import load, message
from tests.suburb import FOOTPRINT_M, LAT, LON, suburb, suburb_engine

SIZE, FOV_DEG = (480, 360), 60.0
HEIGHT_M = FOOTPRINT_M / SIZE[1] * SIZE[0] / 2 / math.tan(math.radians(FOV_DEG) / 2)
HEADING_DEG, PITCH_DEG, SPEED_M_S = 130.0, 10.0, 8.0
START_US, STEP_US = 1_790_000_000_000_000, 250_000
FOCAL_PX = SIZE[0] / 2 / math.tan(math.radians(FOV_DEG) / 2)


@pytest.fixture(scope="module")
def localizer(tmp_path_factory):
    return Localizer(suburb_engine(tmp_path_factory.mktemp("ros2")), threads=2)


class Flown:
    """The node over the map on another date, flying east, looking ahead by 10 degrees."""

    def __init__(self, localizer, without=(), renamed=None, log=None, **parameters):
        self.node = Node(START_US, **{"engine": "e", "log": "f.mcap", **parameters})
        settings = read_settings(self.node)

        def installed(name):
            package, kind = name.split("/")
            return load(f"{package}/{(renamed or {}).get(kind, kind)}", without)

        self.ros = RosFlight(self.node, installed, None, settings, localizer, log)
        self.problems = Problems(self.ros.say)
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
        image = render(suburb(1), shot, self.rng)
        self.hear(
            "image",
            "sensor_msgs/Image",
            height=SIZE[1],
            width=SIZE[0],
            encoding="bgr8",
            step=3 * SIZE[0],
            data=array("B", image.tobytes()),
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
        self.ros.flight.step(0.0)
        self.ros.flight.telling.tick(self.node.now_us)
        self.problems.update(self.node.now_us, self.ros.flight.problems())
        self.ros.tell_state(self.node.now_us)
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
    assert "the frame could not be looked at: no usable camera_info has come" in flown.node.said
    assert any("no message tells of the vehicle" in said for said in flown.node.said)
    flown.step(flown.camera_info)
    flown.step(lambda: (flown.camera_info(), flown.imu()))
    tally = flown.ros.flight.tally.frames
    assert tally == {"FAILED": 1, "NO_ATTITUDE": 1, "NO_HEIGHT": 1}
    assert flown.node.published["~/fix"] == []
    assert "no height above ground is known at the exposure" in flown.node.said


def test_it_flies_as_the_command_does(localizer, tmp_path, monkeypatch):
    """With the motion of the pictures, a prior, and a log of its own."""
    seen = []

    def locate(*frame, **known):
        seen.append(known)
        return Localizer.locate(localizer, *frame, **known)

    monkeypatch.setattr(localizer, "locate", locate)
    with FlightLog(tmp_path / "flight.mcap", epoch_us=0) as log:
        flown = Flown(localizer, log=log, log_frames=True)

        def tell():
            flown.camera_info()
            flown.imu()
            down = HEIGHT_M / math.cos(math.radians(PITCH_DEG))
            flown.hear("range", "sensor_msgs/Range", min_range=1.0, max_range=200.0, range=down)

        for _ in range(9):
            true = flown.step(tell)
    assert any(known["prior"] is not None for known in seen)
    last = flown.ros.flight.telling.last
    assert last.east_m_s == pytest.approx(SPEED_M_S, abs=1.5)  # no topic tells it
    assert distance_m(last.lat_deg, last.lon_deg, *true) < 8
    records = list(read_log(tmp_path / "flight.mcap"))
    fixes = [r.time_us for r in records if r.topic == "/fix/full"]
    assert fixes == [START_US + STEP_US * k for k in range(9)]
    assert {"/estimate/full", "/timings_ms", "/frame"} < {r.topic for r in records}
    logged = LoggedFlight(tmp_path / "flight.mcap")
    assert [what.kind for _, what in logged.events() if not isinstance(what, Frame)] == [
        *("attitude", "rangefinder") * 9
    ]
    assert logged.camera.fx_px == pytest.approx(FOCAL_PX)


def test_an_image_of_another_clock_is_not_used(localizer):
    flown = Flown(localizer)
    flown.header = lambda: header(12_000_000, "down_camera")  # since the camera's start
    flown.step(flown.camera_info)
    assert flown.ros.flight.tally.frames == {"OLD": 1}
    assert any("exposure time is far" in said for said in flown.node.said)


def test_a_calibration_that_changes_is_taken_up(localizer):
    flown = Flown(localizer)
    flown.camera_info()
    looking = flown.ros.flight._looking
    first = looking._straight(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    flown.camera_info()
    assert looking._straight(np.zeros((SIZE[1], SIZE[0], 3), np.uint8)) is first
    k = np.array([300.0, 0, 240, 0, 300, 180, 0, 0, 1])
    flown.hear("camera_info", "sensor_msgs/CameraInfo", width=SIZE[0], height=SIZE[1], k=k)
    assert looking._straight(np.zeros((SIZE[1], SIZE[0], 3), np.uint8)).seen_by.fx_px == 300


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
    renamed = {"AuxGlobalPosition": "AuxGlobalPositionV0"}
    older_yet = Flown(localizer, vehicle="px4", renamed=renamed)
    place = older_yet.node.published["/fmu/in/aux_global_position"]
    older_yet.ros.flight.telling._outlet(a_fix(), START_US)
    assert (place[0].id, place[0].lat) == (1, a_fix().lat_deg)
    bare = Flown(localizer, without=("geographic_msgs",))
    assert "~/geopose" not in bare.node.published
    assert bare.node.said == ["geographic_msgs is not installed: no ~/geopose"]
    with pytest.raises(MissingExtraError, match="ROS package px4_msgs is not installed"):
        Flown(localizer, vehicle="px4", without=("px4_msgs",))
