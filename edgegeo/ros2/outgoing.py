"""From a position to the fields of ROS 2 messages. Pure: nested dicts, and `fill` to set them."""

import math
from collections.abc import Mapping
from typing import Any

from edgegeo.attitude import Quaternion
from edgegeo.autopilot.output import OutputFix
from edgegeo.camera_pose import HEADING_SIGMA_DEG, TILT_SIGMA_DEG
from edgegeo.ros2.incoming import enu_attitude

Fields = dict[str, Any]

STATUS_FIX, SERVICE_NONE, COVARIANCE_KNOWN = 0, 0, 3  # sensor_msgs/NavSatStatus, NavSatFix
PX4_VISION = 2  # px4_msgs/AuxGlobalPosition.SOURCE_VISION
UNKNOWN_M2 = 1e6  # a variance of what is not measured at all: the altitude


def fill(message: Any, fields: Mapping[str, Any]) -> Any:
    """Set the fields of a message, nested ones too, and return it.

    Raises AttributeError for a field the message does not have.
    """
    for name, value in fields.items():
        if isinstance(value, Mapping):
            fill(getattr(message, name), value)
        else:
            getattr(message, name)  # a message without slots would take any name
            setattr(message, name, value)
    return message


def header(time_us: int, frame_id: str) -> Fields:
    """Return a std_msgs/Header."""
    sec, us = divmod(time_us, 1_000_000)
    return {"stamp": {"sec": sec, "nanosec": 1000 * us}, "frame_id": frame_id}


def nav_sat_fix(fix: OutputFix, frame_id: str) -> Fields:
    """Return a sensor_msgs/NavSatFix: covariance in m^2, east-north-up, row by row.

    The altitude is NaN, as the message wants it where there is none: it is above the ellipsoid,
    which nobody tells us.
    """
    ee, en, nn = fix.cov_m2
    return {
        "header": header(fix.time_us, frame_id),
        "status": {"status": STATUS_FIX, "service": SERVICE_NONE},
        "latitude": fix.lat_deg,
        "longitude": fix.lon_deg,
        "altitude": math.nan,
        "position_covariance": [ee, en, 0.0, en, nn, 0.0, 0.0, 0.0, UNKNOWN_M2],
        "position_covariance_type": COVARIANCE_KNOWN,
    }


def geo_pose(fix: OutputFix, attitude: Quaternion, frame_id: str) -> Fields:
    """Return a geographic_msgs/GeoPoseWithCovarianceStamped.

    `attitude` turns forward-right-down into north-east-down. The covariance is that of x, y, z
    and of the rotations about them, east-north-up; of the attitude it is what edgegeo assumes.
    """
    w, x, y, z = enu_attitude(attitude)
    ee, en, nn = fix.cov_m2
    tilt, heading = math.radians(TILT_SIGMA_DEG) ** 2, math.radians(HEADING_SIGMA_DEG) ** 2
    covariance = [0.0] * 36
    for i, variance in enumerate((ee, nn, UNKNOWN_M2, tilt, tilt, heading)):
        covariance[7 * i] = variance
    covariance[1] = covariance[6] = en
    position = {"latitude": fix.lat_deg, "longitude": fix.lon_deg, "altitude": math.nan}
    return {
        "header": header(fix.time_us, frame_id),
        "pose": {
            "pose": {"position": position, "orientation": {"x": x, "y": y, "z": z, "w": w}},
            "covariance": covariance,
        },
    }


def map_to_odom(
    time_us: int,
    base_in_map_m: tuple[float, float],
    yaw_in_map: float,
    base_in_odom_m: tuple[float, float],
    yaw_in_odom: float,
    frames: tuple[str, str],
) -> Fields:
    """Return the geometry_msgs/TransformStamped that carries odom to map (REP 105).

    Both frames stand level: only yaw (radians, counterclockwise) and the plane are corrected.
    """
    turn = yaw_in_map - yaw_in_odom
    x, y = base_in_odom_m
    return {
        "header": header(time_us, frames[0]),
        "child_frame_id": frames[1],
        "transform": {
            "translation": {
                "x": base_in_map_m[0] - (math.cos(turn) * x - math.sin(turn) * y),
                "y": base_in_map_m[1] - (math.sin(turn) * x + math.cos(turn) * y),
                "z": 0.0,
            },
            "rotation": {"x": 0.0, "y": 0.0, "z": math.sin(turn / 2), "w": math.cos(turn / 2)},
        },
    }


def aux_global_position(fix: OutputFix, sent_us: int, sensor_id: int) -> Fields:
    """Return a px4_msgs/AuxGlobalPosition, for PX4 1.18 and later.

    `sensor_id` is what `EKF2_AGPn_ID` holds; `eph` one standard deviation.
    """
    return _px4_position(fix, sent_us) | {"id": sensor_id, "source": PX4_VISION}


def vehicle_global_position(fix: OutputFix, sent_us: int) -> Fields:
    """Return a px4_msgs/VehicleGlobalPosition, which PX4 1.15 to 1.17 takes in its place."""
    return _px4_position(fix, sent_us)


def _px4_position(fix: OutputFix, sent_us: int) -> Fields:
    return {
        "timestamp": sent_us,
        "timestamp_sample": fix.time_us,
        "lat": fix.lat_deg,
        "lon": fix.lon_deg,
        "alt": math.nan if fix.alt_m is None else fix.alt_m,
        "eph": fix.sigma_m,
        "epv": math.nan if fix.alt_m is None else fix.alt_sigma_m,
        "lat_lon_reset_counter": fix.relocated % 256,
    }
