"""Which way a gimbal points, by the flags of GIMBAL_DEVICE_ATTITUDE_STATUS (285)."""

from edgegeo.attitude import Quaternion, angles, matrix, product, quaternion

YAW_LOCK = 16
YAW_IN_VEHICLE_FRAME = 32
YAW_IN_EARTH_FRAME = 64


def yaw_is_of_vehicle(flags: int) -> bool:
    """Whether the gimbal's yaw counts from the vehicle's nose rather than from north.

    Senders before the two frame flags existed say it by YAW_LOCK: locked is earth.
    """
    if flags & (YAW_IN_VEHICLE_FRAME | YAW_IN_EARTH_FRAME):
        return bool(flags & YAW_IN_VEHICLE_FRAME)
    return not flags & YAW_LOCK


def ned_from_gimbal(gimbal: Quaternion, vehicle: Quaternion, of_vehicle: bool) -> Quaternion:
    """Return the gimbal's attitude against north-east-down.

    Roll and pitch are against the horizon in either frame (MAVLink gimbal protocol v2), so of the
    vehicle only the yaw counts, not its tilt.
    """
    if not of_vehicle:
        return gimbal
    yaw = angles(matrix(vehicle))[2]
    return product(quaternion(0.0, 0.0, yaw), gimbal)
