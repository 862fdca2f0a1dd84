"""Doubles of the message classes that a ROS 2 installation generates, on rosbags' definitions.

They take and refuse what rosidl_generator_py's do: setters assert the types, lists of numbers
become arrays, an unset field is zero. Messages of geographic_msgs and px4_msgs, which rosbags does
not carry, are defined here by their published fields.
"""

import array
import collections.abc
import math
from functools import cache

import numpy as np
import pytest

from edgegeo.ros2.outgoing import fill

typesys = pytest.importorskip("rosbags.typesys")
Node = typesys.base.Nodetype

LOCAL_POSITION = """
uint32 MESSAGE_VERSION = 1
uint64 timestamp
uint64 timestamp_sample
bool xy_valid
bool z_valid
bool v_xy_valid
bool v_z_valid
float32 x
float32 y
float32 z
float32[2] delta_xy
uint8 xy_reset_counter
float32 delta_z
uint8 z_reset_counter
float32 vx
float32 vy
float32 vz
float32 z_deriv
float32[2] delta_vxy
uint8 vxy_reset_counter
float32 delta_vz
uint8 vz_reset_counter
float32 ax
float32 ay
float32 az
float32 heading
float32 heading_var
float32 unaided_heading
float32 delta_heading
uint8 heading_reset_counter
bool heading_good_for_control
float32 tilt_var
bool xy_global
bool z_global
uint64 ref_timestamp
float64 ref_lat
float64 ref_lon
float32 ref_alt
bool dist_bottom_valid
float32 dist_bottom
float32 dist_bottom_var
float32 delta_dist_bottom
uint8 dist_bottom_reset_counter
uint8 dist_bottom_sensor_bitfield
float32 eph
float32 epv
float32 evh
float32 evv
bool dead_reckoning
float32 vxy_max
float32 vz_max
float32 hagl_min
float32 hagl_max_z
float32 hagl_max_xy
"""
AUX_POSITION = (
    "uint64 timestamp\nuint64 timestamp_sample\nuint8 id\n{source}float64 lat\nfloat64 lon\n"
    "float32 alt\nfloat32 eph\nfloat32 epv\nuint8 lat_lon_reset_counter"
)
DEFINITIONS = {
    "geographic_msgs/msg/GeoPoint": "float64 latitude\nfloat64 longitude\nfloat64 altitude",
    "geographic_msgs/msg/GeoPose": "GeoPoint position\ngeometry_msgs/Quaternion orientation",
    "geographic_msgs/msg/GeoPoseWithCovariance": "GeoPose pose\nfloat64[36] covariance",
    "geographic_msgs/msg/GeoPoseWithCovarianceStamped": (
        "std_msgs/Header header\nGeoPoseWithCovariance pose"
    ),
    "px4_msgs/msg/AuxGlobalPosition": "uint32 MESSAGE_VERSION = 1\n"
    + AUX_POSITION.format(source="uint8 source\nuint8 SOURCE_VISION = 2\n"),
    "px4_msgs/msg/AuxGlobalPositionV0": "uint32 MESSAGE_VERSION = 0\n"
    + AUX_POSITION.format(source=""),
    "px4_msgs/msg/VehicleGlobalPosition": (
        "uint32 MESSAGE_VERSION = 0\nuint64 timestamp\nuint64 timestamp_sample\nfloat64 lat\n"
        "float64 lon\nfloat32 alt\nfloat32 alt_ellipsoid\nbool lat_lon_valid\nbool alt_valid\n"
        "float32 delta_alt\nfloat32 delta_terrain\nuint8 lat_lon_reset_counter\n"
        "uint8 alt_reset_counter\nuint8 terrain_reset_counter\nfloat32 eph\nfloat32 epv\n"
        "float32 terrain_alt\nbool terrain_alt_valid\nbool dead_reckoning"
    ),
    "px4_msgs/msg/VehicleAttitude": (
        "uint64 timestamp\nuint64 timestamp_sample\nfloat32[4] q\nfloat32[4] delta_q_reset\n"
        "uint8 quat_reset_counter"
    ),
    "px4_msgs/msg/VehicleLocalPosition": LOCAL_POSITION,
}


def store(distribution):
    made = typesys.get_typestore(distribution)
    for name, text in DEFINITIONS.items():
        made.register(typesys.get_types_from_msg(text, name))
    return made


HUMBLE, JAZZY = store(typesys.Stores.ROS2_HUMBLE), store(typesys.Stores.ROS2_JAZZY)
CODES = {"uint8": "B", "int8": "b", "float32": "f", "float64": "d"}  # of array.array


def load(name, without=()):
    """Return the class of a name such as sensor_msgs/Image, None where it is not installed."""
    full = name.replace("/", "/msg/")
    missing = name.partition("/")[0] in without or name in without
    return None if missing or full not in JAZZY.types else generated(full)


@cache
def generated(full):
    constants = {key: value for key, _, value in JAZZY.fielddefs[full][0]}
    fields = dict(JAZZY.fielddefs[full][1])
    unset = dict.fromkeys(fields)  # the properties of a generated class, so that it has the names
    return type(full, (Message,), {**unset, **constants, "kind": full, "fields": fields})


class Message:
    def __init__(self):
        for name, field in self.fields.items():
            object.__setattr__(self, name, zero(*field))

    def __setattr__(self, name, value):
        if name not in self.fields:  # generated classes have __slots__
            raise AttributeError(f"{self.kind} has no field {name}")
        object.__setattr__(self, name, checked(*self.fields[name], value))


def zero(node, detail):
    if node is Node.NAME:
        return generated(detail)()
    if node is Node.BASE:
        return python_type(detail[0])()
    (inner, inner_detail), length = detail
    if inner is Node.NAME:
        return []
    kind = inner_detail[0]
    return np.zeros(length, kind) if node is Node.ARRAY else array.array(CODES[kind])


def checked(node, detail, value):
    """Return what a setter keeps; AssertionError for what it refuses."""
    if node is Node.NAME:
        assert isinstance(value, generated(detail)), f"must be a sub message {detail}: {value!r}"
        return value
    if node is Node.BASE:
        assert_base(detail[0], value)
        return value
    (inner, inner_detail), length = detail
    if node is Node.ARRAY and isinstance(value, np.ndarray):
        assert value.dtype == inner_detail[0]
        assert value.size == length
        return value
    if node is Node.SEQUENCE and isinstance(value, array.array):
        assert value.typecode == CODES[inner_detail[0]]
        return value
    assert isinstance(value, collections.abc.Sequence), f"must be a sequence: {type(value)}"
    if inner is Node.NAME:
        assert all(isinstance(item, generated(inner_detail)) for item in value)
        return list(value)
    for item in value:
        assert_base(inner_detail[0], item)
    if node is Node.ARRAY:
        assert len(value) == length
        return np.array(value, inner_detail[0])
    return array.array(CODES[inner_detail[0]], value)


def python_type(kind):
    return {"string": str, "bool": bool}.get(kind, float if kind.startswith("float") else int)


def assert_base(kind, value):
    assert isinstance(value, python_type(kind)), f"must be {python_type(kind)}: {value!r}"
    if "int" in kind:
        bits, unsigned = int(kind.lstrip("uint")), kind.startswith("u")
        low, high = (0, 2**bits) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        assert low <= value < high, f"{kind} must be in [{low}, {high}): {value}"
    elif kind == "float32":
        assert not abs(value) > 3.402823466e38 or math.isinf(value)


def wires(message):
    """Return a message as it goes over the wire in Humble and in Jazzy, by rosbags.

    Some have grown since Humble, such as Range; none of those that the node sends.
    """
    return [types.serialize_cdr(bagged(message, types), message.kind) for types in (HUMBLE, JAZZY)]


def through_cdr(message):
    """Return what arrives in Jazzy; it is read back in Humble too."""
    older, newer = wires(message)
    HUMBLE.deserialize_cdr(older, message.kind)
    return unbagged(JAZZY.deserialize_cdr(newer, message.kind), message.kind)


def message(name, **fields):
    """Return what arrives where somebody sends these fields."""
    return through_cdr(fill(load(name)(), fields))


def bagged(message, types):
    """Return the message as rosbags has it."""

    def value_of(name):
        value = getattr(message, name)
        if isinstance(value, Message):
            return bagged(value, types)
        if isinstance(value, array.array):
            return np.array(value, message.fields[name][1][0][1][0])
        return [bagged(v, types) for v in value] if isinstance(value, list) else value

    known = [name for name, _ in types.fielddefs[message.kind][1]]
    return types.types[message.kind](**{name: value_of(name) for name in known})


def unbagged(read, full):
    """Return what rosbags has read as the generated class."""
    message = generated(full)()
    for name, (node, detail) in message.fields.items():
        value = getattr(read, name)
        if node is Node.NAME:
            value = unbagged(value, detail)
        elif node is Node.SEQUENCE and detail[0][0] is Node.NAME:
            value = [unbagged(item, detail[0][1]) for item in value]
        elif node is Node.SEQUENCE:
            value = array.array(CODES[detail[0][1][0]], value.tobytes())
        setattr(message, name, value)
    return message
