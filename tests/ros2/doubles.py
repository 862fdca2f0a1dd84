"""Doubles of what only a ROS 2 installation has, with the real message definitions of rosbags.

`load` stands for the generated message classes, `Node` for rclpy's. Messages of geographic_msgs and
px4_msgs, which rosbags does not carry, are defined here by their published fields.
"""

from types import SimpleNamespace

import numpy as np
import pytest

typesys = pytest.importorskip("rosbags.typesys")

DEFINITIONS = {
    "geographic_msgs/msg/GeoPoint": "float64 latitude\nfloat64 longitude\nfloat64 altitude",
    "geographic_msgs/msg/GeoPose": "GeoPoint position\ngeometry_msgs/Quaternion orientation",
    "geographic_msgs/msg/GeoPoseWithCovariance": "GeoPose pose\nfloat64[36] covariance",
    "geographic_msgs/msg/GeoPoseWithCovarianceStamped": (
        "std_msgs/Header header\nGeoPoseWithCovariance pose"
    ),
    "px4_msgs/msg/AuxGlobalPosition": (
        "uint32 MESSAGE_VERSION = 1\nuint64 timestamp\nuint64 timestamp_sample\nuint8 id\n"
        "uint8 source\nuint8 SOURCE_VISION = 2\nfloat64 lat\nfloat64 lon\nfloat32 alt\n"
        "float32 eph\nfloat32 epv\nuint8 lat_lon_reset_counter"
    ),
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
    "px4_msgs/msg/VehicleLocalPosition": (  # the part that is read
        "uint32 MESSAGE_VERSION = 1\nuint64 timestamp\nuint64 timestamp_sample\nbool z_valid\n"
        "bool v_xy_valid\nfloat32 z\nfloat32 vx\nfloat32 vy\nbool z_global\nfloat32 ref_alt\n"
        "bool dist_bottom_valid\nfloat32 dist_bottom"
    ),
}
STORE = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
for name, text in DEFINITIONS.items():
    STORE.register(typesys.get_types_from_msg(text, name))


def load(name, without=()):
    """Return a class as rclpy would: no arguments, every field at its zero."""
    full = name.replace("/", "/msg/")
    if name.partition("/")[0] in without or name in without or full not in STORE.types:
        return None
    constants = {key: value for key, _, value in STORE.fielddefs[full][0]}

    def make(_class):
        return blank(full)

    return type(full, (), {**constants, "__new__": make})


def blank(full):
    fields = {}
    for name, (node, detail) in STORE.fielddefs[full][1]:
        kind = typesys.base.Nodetype(node)
        if kind is typesys.base.Nodetype.NAME:
            fields[name] = blank(detail)
        elif kind is typesys.base.Nodetype.BASE:
            fields[name] = {"string": "", "bool": False}.get(
                detail[0], 0.0 if detail[0].startswith("float") else 0
            )
        elif detail[0][0] is typesys.base.Nodetype.NAME:
            fields[name] = []
        else:
            length = detail[1] if kind is typesys.base.Nodetype.ARRAY else 0
            fields[name] = np.zeros(length, detail[0][1][0])
    return STORE.types[full](**fields)


def through_cdr(message):
    """Write a message as it goes over the wire and read it back, both by rosbags."""
    kind = message.__msgtype__
    return STORE.deserialize_cdr(STORE.serialize_cdr(_arrays(message), kind), kind)


def _arrays(message):
    """Turn lists of numbers into arrays, as the setters of rclpy's messages do."""
    for name in message.__dataclass_fields__:
        value = getattr(message, name)
        if hasattr(value, "__dataclass_fields__"):
            _arrays(value)
        elif isinstance(value, list) and value and isinstance(value[0], float):
            setattr(message, name, np.array(value, np.float64))
        elif isinstance(value, list):
            for item in value:
                _arrays(item)
    return message


class Node:
    """A double of an rclpy Node: keeps what is subscribed, published, said; time stands still."""

    def __init__(self, now_us=0, **parameters):
        self.now_us, self.parameters = now_us, parameters
        self.callbacks, self.published, self.said, self.timers = {}, {}, [], []

    def declare_parameter(self, name, default):
        return SimpleNamespace(value=self.parameters.get(name, default))

    def create_subscription(self, kind, topic, callback, _qos):
        self.callbacks[topic] = callback
        return kind

    def create_publisher(self, _kind, topic, _qos):
        sent = self.published.setdefault(topic, [])
        return SimpleNamespace(publish=lambda message: sent.append(through_cdr(message)))

    def create_timer(self, period_s, callback):
        self.timers.append((period_s, callback))

    def get_clock(self):
        return SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=1000 * self.now_us))

    def get_logger(self):
        def say(text, **_throttle):
            self.said.append(text)

        return SimpleNamespace(info=say, warning=say)
