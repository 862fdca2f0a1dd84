"""Doubles of rclpy: a node that keeps what passes, and its errors. No ROS 2 is at hand.

They raise where rclpy (Humble to Jazzy) raises: a parameter of another type than its default, a
parameter declared twice, a message of another class than the topic's, logging options that do not
exist, or another severity from the same line.
"""

import sys
from types import ModuleType, SimpleNamespace

from tests.ros2.messages import Message, load, through_cdr


class ParameterException(Exception):
    """rclpy.exceptions.ParameterException."""


class ExternalShutdownException(Exception):
    """rclpy.executors.ExternalShutdownException."""


class Node:
    """Keeps what is subscribed, published, said; time stands still until `now_us` is set."""

    def __init__(self, now_us=0, **parameters):
        self.now_us, self.parameters, self.declared = now_us, parameters, set()
        self.callbacks, self.published = {}, {}
        self.logger, self.destroyed = Logger(), False

    @property
    def said(self):
        return self.logger.said

    def declare_parameter(self, name, value):
        if name in self.declared:
            raise ParameterException(f"Parameter(s) already declared: {name}")
        self.declared.add(name)
        given = self.parameters.get(name, value)
        if type(given) is not type(value):
            raise ParameterException(
                f"Trying to set parameter '{name}' to '{given}' of type "
                f"'{type(given).__name__}', expecting type '{type(value).__name__}': {name}"
            )
        return SimpleNamespace(value=given)

    def create_subscription(self, msg_type, topic, callback, qos_profile):  # noqa: ARG002
        assert issubclass(msg_type, Message)

        def deliver(message):
            assert type(message) is msg_type
            callback(message)

        self.callbacks[topic] = deliver

    def create_publisher(self, msg_type, topic, qos_profile):  # noqa: ARG002
        assert issubclass(msg_type, Message)
        sent = self.published.setdefault(topic, [])

        def publish(message):
            if type(message) is not msg_type:
                raise TypeError(f"Expected {msg_type}, got {type(message)}")
            sent.append(through_cdr(message))

        return SimpleNamespace(publish=publish)

    def get_clock(self):
        return SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=1000 * self.now_us))

    def get_logger(self):
        return self.logger

    def destroy_node(self):
        self.destroyed = True


LOGGING_OPTIONS = {"throttle_duration_sec", "throttle_time_source_type", "skip_first", "once"}


class Logger:
    """Says everything at once: what is throttled is not left out, so that a test sees it."""

    def __init__(self):
        self.said, self._lines = [], {}

    def info(self, message, **options):
        self._say("info", message, options)

    def warning(self, message, **options):
        self._say("warning", message, options)

    def _say(self, severity, message, options):
        if set(options) - LOGGING_OPTIONS:
            raise TypeError(f"not recognized logging options: {set(options) - LOGGING_OPTIONS}")
        caller = sys._getframe(2)
        line = (caller.f_code.co_filename, caller.f_lineno, caller.f_lasti)
        if self._lines.setdefault(line, severity) != severity:
            raise ValueError("Logger severity cannot be changed between calls.")
        assert isinstance(message, str)
        self.said.append(message)


def doubled_rclpy(monkeypatch, node, spin):
    """Put a double of rclpy where `main` imports it from; returns it, with the `calls` it got."""
    rclpy = ModuleType("rclpy")
    rclpy.calls = []
    rclpy.init = lambda args: rclpy.calls.append("init")  # noqa: ARG005
    rclpy.create_node = lambda _name: node
    rclpy.spin = spin
    rclpy.try_shutdown = lambda: rclpy.calls.append("shutdown")
    rclpy.exceptions = SimpleNamespace(ParameterException=ParameterException)
    rclpy.executors = SimpleNamespace(ExternalShutdownException=ExternalShutdownException)
    rclpy.qos = SimpleNamespace(qos_profile_sensor_data=None)
    monkeypatch.setitem(sys.modules, "rclpy", rclpy)
    for part in ("exceptions", "executors", "qos"):
        monkeypatch.setitem(sys.modules, f"rclpy.{part}", getattr(rclpy, part))
    monkeypatch.setattr("edgegeo.ros2.node.message_class", load)
    return rclpy
