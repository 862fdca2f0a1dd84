"""The node's parameters."""

import math
from dataclasses import dataclass

from edgegeo.errors import RangeError

VEHICLES = ("imu", "pose", "px4")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """Parameters of the ROS 2 node `edgegeo`, by their names. Raises RangeError.

    `vehicle` says who tells the attitude: a sensor_msgs/Imu on `imu`, a geometry_msgs/PoseStamped
    on `pose`, or PX4 through px4_msgs; positions go to PX4 only with the last. The mounting is
    that of `edgegeo.camera.Camera`. `map_to_odom` publishes that transform; the origin of the map
    is the first position, unless it is given.
    """

    engine: str = ""
    vehicle: str = "imu"
    compressed: bool = False
    mount_yaw_deg: float = 0.0
    mount_pitch_deg: float = 0.0
    mount_roll_deg: float = 0.0
    camera_delay_ms: float = 0.0  # from exposure to the image's stamp
    rate_hz: float = 5.0  # PX4 takes 0.5 to 5
    stop_after_s: float = 5.0
    max_sigma_m: float = 50.0
    sensor_id: int = 1
    map_to_odom: bool = False
    map_lat_deg: float = math.nan
    map_lon_deg: float = math.nan
    map_frame: str = "map"
    odom_frame: str = "odom"
    threads: int = 0
    log: str = ""  # the flight is written here, never over another log
    log_frames: bool = False  # with all that `edgegeo fly --replay` needs

    def __post_init__(self) -> None:
        if not self.engine:
            raise RangeError.of("parameter engine", "the path of an engine folder", "nothing")
        if self.vehicle not in VEHICLES:
            known = " or ".join(VEHICLES)
            raise RangeError.of("parameter vehicle", known, repr(self.vehicle))
        if not 0.5 <= self.rate_hz <= 50:
            raise RangeError.of("parameter rate_hz", "in [0.5, 50]", self.rate_hz)
        if not 1 <= self.sensor_id <= 255:
            raise RangeError.of("parameter sensor_id", "in 1..255", self.sensor_id)
        if self.log_frames and not self.log:
            raise RangeError.of("parameter log", "a file, for log_frames to write to", "nothing")
        if math.isnan(self.map_lat_deg) != math.isnan(self.map_lon_deg):
            raise RangeError.of(
                "parameters map_lat_deg and map_lon_deg",
                "given together or not at all",
                (self.map_lat_deg, self.map_lon_deg),
            )
