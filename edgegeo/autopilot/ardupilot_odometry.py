"""ArduPilot's external navigation: ODOMETRY (331) or VISION_POSITION_ESTIMATE (102)."""

import math
from dataclasses import dataclass
from typing import Any

from edgegeo import geodesy
from edgegeo.attitude import Quaternion, angles, matrix
from edgegeo.autopilot.dialect import dialect
from edgegeo.autopilot.output import OutputFix
from edgegeo.errors import RangeError

ATTITUDE_SIGMA_RAD = math.radians(2.0)
MAX_REACH_M = 20_000.0  # the plane tangent at the origin holds as far as geodesy.py says


@dataclass(frozen=True, slots=True)
class Origin:
    """The zero of the autopilot's local frame: its GPS_GLOBAL_ORIGIN."""

    lat_deg: float
    lon_deg: float
    alt_m: float  # above mean sea level


def odometry(fix: OutputFix, origin: Origin, attitude: Quaternion) -> Any:
    """Return message 331 in LOCAL_FRD with north as forward, child BODY_FRD.

    Args:
        origin: there is no local frame without one, and so no message.
        attitude: the autopilot's own at `fix.time_us`: ours would be no independent word on it.

    ArduPilot drops other frames without a word. Velocities are NaN: set `EK3_SRC1_VELXY` to 0.
    `reset_counter` counts the re-locations; only with `VISO_TYPE` 1 they move the filter (see
    the parameter sheet). The covariance is filled: versions that read it take the root of the
    sum of the three variances of position for the error.

    Raises RangeError without an altitude, or further than 20 km from the origin.
    """
    m = dialect()
    north_m, east_m, down_m = _local(fix, origin)
    still = [math.nan] * 21
    return m.MAVLink_odometry_message(
        fix.time_us,
        m.MAV_FRAME_LOCAL_FRD,
        m.MAV_FRAME_BODY_FRD,
        north_m,
        east_m,
        down_m,
        list(attitude),
        *([math.nan] * 6),
        pose_covariance(fix),
        still,
        fix.relocated % 256,
        m.MAV_ESTIMATOR_TYPE_VISION,
        round(100 * fix.probability),
    )


def vision_position_estimate(fix: OutputFix, origin: Origin, attitude: Quaternion) -> Any:
    """Return message 102: the same in fewer fields; see `odometry`."""
    north_m, east_m, down_m = _local(fix, origin)
    return dialect().MAVLink_vision_position_estimate_message(
        fix.time_us,
        north_m,
        east_m,
        down_m,
        *angles(matrix(attitude)),
        pose_covariance(fix),
        fix.relocated % 256,
    )


def pose_covariance(fix: OutputFix) -> list[float]:
    """Upper triangle, row by row, of north, east, down (m), roll, pitch, yaw (rad): 21 numbers."""
    ee, en, nn = fix.cov_m2
    turn = ATTITUDE_SIGMA_RAD**2
    rows = [
        [nn, en, 0.0, 0.0, 0.0, 0.0],
        [ee, 0.0, 0.0, 0.0, 0.0],
        [fix.alt_sigma_m**2, 0.0, 0.0, 0.0],
        [turn, 0.0, 0.0],
        [turn, 0.0],
        [turn],
    ]
    return [value for row in rows for value in row]


def _local(fix: OutputFix, origin: Origin) -> tuple[float, float, float]:
    if fix.alt_m is None:
        raise RangeError.of("alt_m", "known (the autopilot's own) for a local position", None)
    east, north = geodesy.enu_from_geo(fix.lat_deg, fix.lon_deg, origin.lat_deg, origin.lon_deg)
    reach_m = math.hypot(float(east), float(north))
    if not reach_m <= MAX_REACH_M:
        raise RangeError.of("distance from the origin", f"at most {MAX_REACH_M:g} m", reach_m)
    return float(north), float(east), origin.alt_m - fix.alt_m
