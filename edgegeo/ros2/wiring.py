"""The node's topics: subscriptions and publishers, on whatever node it is given."""

import math
from collections.abc import Callable
from typing import Any

from edgegeo.attitude import Quaternion, angles, matrix
from edgegeo.autopilot.output import OutputFix
from edgegeo.camera import Camera
from edgegeo.errors import DataError, EdgegeoError, MissingExtraError
from edgegeo.geodesy import enu_from_geo
from edgegeo.ros2 import incoming, outgoing
from edgegeo.ros2.settings import NodeSettings
from edgegeo.ros2.vehicle import RosVehicle
from edgegeo.sources import PushedFrames

Load = Callable[[str], Any]  # a message's name, such as sensor_msgs/NavSatFix, to its class or None
DEPTH = 10
PX4_IN = "/fmu/in/aux_global_position"
PX4_OUT = {
    "px4_attitude": ("/fmu/out/vehicle_attitude", "px4_msgs/VehicleAttitude"),
    "px4_local": ("/fmu/out/vehicle_local_position", "px4_msgs/VehicleLocalPosition"),
}
ROS_OUT = {
    "range": ("range", "sensor_msgs/Range"),
    "height": ("height", "std_msgs/Float64"),
    "twist": ("velocity", "geometry_msgs/TwistStamped"),
}
ATTITUDES = {
    "imu": ("imu", "sensor_msgs/Imu"),
    "pose": ("pose", "geometry_msgs/PoseStamped"),
}


class Wiring:
    """The topics: `frames` and the vehicle are filled by them, `publish` takes positions.

    Args:
        node: an rclpy Node.
        load: gives a message class by its name, None where its package is not installed.
        sensor_qos: quality of service of sensors and of PX4, `qos_profile_sensor_data`.

    Raises MissingExtraError where px4_msgs is asked for and not installed.
    """

    def __init__(
        self, node: Any, load: Load, sensor_qos: Any, settings: NodeSettings, vehicle: RosVehicle
    ) -> None:
        self.frames = PushedFrames()
        self._node, self._load, self._settings = node, load, settings
        self._vehicle = vehicle
        self._camera: Camera | None = None
        self._frame_id = "camera"
        self._odom: Any = None
        self._origin: tuple[float, float] | None = None
        if not math.isnan(settings.map_lat_deg):
            self._origin = (settings.map_lat_deg, settings.map_lon_deg)
        self._subscribe(sensor_qos)
        self._publishers = self._advertise(sensor_qos)

    def camera(self, width_px: int, height_px: int) -> Camera:
        """Return the camera of the last camera_info.

        Raises DataError before there is one, RangeError for frames of another size.
        """
        if self._camera is None:
            raise DataError("no usable camera_info has come")
        return self._camera.at_size(width_px, height_px)

    def publish(self, fix: OutputFix, now_us: int) -> None:
        """Publish a position everywhere it is wanted."""
        attitude = self._vehicle.told.attitudes.at(fix.time_us)
        self._send("fix", outgoing.nav_sat_fix(fix, self._frame_id))
        if attitude is not None:
            self._send("geopose", outgoing.geo_pose(fix, attitude, self._frame_id))
            self._send_transform(fix, attitude)
        if "px4" in self._publishers:
            name, _ = self._publishers["px4"]
            if name.endswith("AuxGlobalPosition"):
                fields = outgoing.aux_global_position(fix, now_us, self._settings.sensor_id)
                if not hasattr(self._message(name), "source"):
                    del fields["source"]  # version 0 of the message has none
            else:
                fields = outgoing.vehicle_global_position(fix, now_us)
            self._send("px4", fields)

    def _subscribe(self, qos: Any) -> None:
        settings = self._settings

        def listen(name: str, topic: str, callback: Callable[[Any], None]) -> None:
            self._node.create_subscription(self._message(name), topic, callback, qos)

        if settings.compressed:
            listen("sensor_msgs/CompressedImage", "image/compressed", self._image)
        else:
            listen("sensor_msgs/Image", "image", self._image)
        listen("sensor_msgs/CameraInfo", "camera_info", self._camera_info)
        if settings.map_to_odom:
            listen("nav_msgs/Odometry", "odom", self._odometry)
        told = PX4_OUT if settings.vehicle == "px4" else ROS_OUT
        if settings.vehicle in ATTITUDES:
            told = {settings.vehicle: ATTITUDES[settings.vehicle], **ROS_OUT}
        for kind, (topic, name) in told.items():
            listen(name, _versioned(topic, self._message(name)), self._taker(kind))

    def _advertise(self, qos: Any) -> dict[str, Any]:
        """Create the publishers; geographic_msgs may be missing, as it is in a bare ROS."""
        wanted = {"fix": ("sensor_msgs/NavSatFix", "~/fix", DEPTH)}
        if self._load("geographic_msgs/GeoPoseWithCovarianceStamped") is None:
            self._node.get_logger().info("geographic_msgs is not installed: no ~/geopose")
        else:
            name = "geographic_msgs/GeoPoseWithCovarianceStamped"
            wanted["geopose"] = (name, "~/geopose", DEPTH)
        if self._settings.map_to_odom:
            wanted["tf"] = ("tf2_msgs/TFMessage", "/tf", DEPTH)
        if self._settings.vehicle == "px4":
            newer = self._load("px4_msgs/AuxGlobalPosition") is not None
            name = "px4_msgs/AuxGlobalPosition" if newer else "px4_msgs/VehicleGlobalPosition"
            wanted["px4"] = (name, _versioned(PX4_IN, self._message(name)), qos)
        return {
            key: (name, self._node.create_publisher(self._message(name), topic, its_qos))
            for key, (name, topic, its_qos) in wanted.items()
        }

    def _message(self, name: str) -> Any:
        kind = self._load(name)
        if kind is None:
            package = name.partition("/")[0]
            raise MissingExtraError(
                f"the ROS package {package} is not installed, or not sourced: it has {name}"
            )
        return kind

    def _taker(self, kind: str) -> Callable[[Any], None]:
        return lambda message: self._vehicle.take(kind, message)

    def _image(self, message: Any) -> None:
        decode = incoming.compressed_picture if self._settings.compressed else incoming.picture
        try:
            image = decode(message)
        except EdgegeoError as error:
            self._node.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        self._frame_id = message.header.frame_id
        delay_us = round(1e3 * self._settings.camera_delay_ms)
        self.frames.push(image, incoming.stamp_us(message.header.stamp) - delay_us)

    def _camera_info(self, message: Any) -> None:
        s = self._settings
        try:
            self._camera = incoming.camera(
                message,
                mount_yaw_deg=s.mount_yaw_deg,
                mount_pitch_deg=s.mount_pitch_deg,
                mount_roll_deg=s.mount_roll_deg,
            )
        except EdgegeoError as error:
            self._node.get_logger().warning(str(error), throttle_duration_sec=5.0)

    def _odometry(self, message: Any) -> None:
        self._odom = message

    def _send_transform(self, fix: OutputFix, attitude: Quaternion) -> None:
        if "tf" not in self._publishers or self._odom is None:
            return
        if self._origin is None:
            self._origin = (fix.lat_deg, fix.lon_deg)
        east_m, north_m = enu_from_geo(fix.lat_deg, fix.lon_deg, *self._origin)
        pose = self._odom.pose.pose
        q = (pose.orientation.w, pose.orientation.x, pose.orientation.y, pose.orientation.z)
        transform = outgoing.map_to_odom(
            fix.time_us,
            (float(east_m), float(north_m)),
            angles(matrix(incoming.enu_attitude(attitude)))[2],
            (pose.position.x, pose.position.y),
            angles(matrix(q))[2],
            (self._settings.map_frame, self._settings.odom_frame),
        )
        stamped = self._message("geometry_msgs/TransformStamped")()
        self._send("tf", {"transforms": [outgoing.fill(stamped, transform)]})

    def _send(self, key: str, fields: outgoing.Fields) -> None:
        if key in self._publishers:
            name, publisher = self._publishers[key]
            publisher.publish(outgoing.fill(self._message(name)(), fields))


def _versioned(topic: str, message: Any) -> str:
    """PX4 1.16 and later put a message's version behind the name of its topic, but for 0."""
    version = getattr(message, "MESSAGE_VERSION", 0)
    return f"{topic}_v{version}" if version else topic
