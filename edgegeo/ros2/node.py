"""The console script `edgegeo-ros2`: a ROS 2 node that says where the camera is.

Subscribes to `image` (bgr8, rgb8, mono8) or `image/compressed`, `camera_info`, and by the parameter
`vehicle` to `imu` or `pose`, with `range`, `height` and `velocity` (or to PX4's topics); with
`map_to_odom` also to `odom`. Publishes `~/fix` (NavSatFix), `~/geopose` (where geographic_msgs is
installed), `/tf` and PX4's auxiliary global position. Remap the names as usual:

    edgegeo-ros2 --ros-args -p engine:=field.edgegeo -r image:=/camera/image_raw \
        -r camera_info:=/camera/camera_info -r imu:=/mavros/imu/data -r range:=/mavros/rangefinder
"""

import importlib
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields
from typing import Any

from edgegeo.errors import EdgegeoError, MissingExtraError, RangeError
from edgegeo.fly.journal import flight_log
from edgegeo.localizer import Localizer
from edgegeo.ros2.flying import RosFlight
from edgegeo.ros2.settings import NodeSettings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until it is shut down; 2 for an error explained in one line."""
    try:
        rclpy = _rclpy()
        rclpy.init(args=argv)
        try:
            _spin(rclpy)
        except (KeyboardInterrupt, rclpy.executors.ExternalShutdownException):
            pass  # the usual end of a node
        except rclpy.exceptions.ParameterException as error:  # a whole number for a float, and such
            raise RangeError(str(error)) from error
        finally:
            rclpy.try_shutdown()
    except (EdgegeoError, OSError) as error:
        print(f"edgegeo-ros2: error: {error}", file=sys.stderr)
        return 2
    return 0


def read_settings(node: Any) -> NodeSettings:
    """Declare the node's parameters and return their values. Raises RangeError."""
    return NodeSettings(
        **{
            field.name: node.declare_parameter(field.name, field.default).value
            for field in fields(NodeSettings)
        }
    )


def message_class(name: str) -> Any:
    """Return a message class by a name such as sensor_msgs/Image, None where there is none."""
    package, _, kind = name.partition("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), kind, None)
    except ImportError:
        return None


def _rclpy() -> Any:
    try:
        for part in ("rclpy.exceptions", "rclpy.executors", "rclpy.qos"):
            importlib.import_module(part)
        return importlib.import_module("rclpy")
    except ImportError as error:
        raise MissingExtraError(
            f"rclpy comes with ROS 2 and not from PyPI ({error}): source your distribution first, "
            "as in `source /opt/ros/jazzy/setup.bash`, and install edgegeo for its Python"
        ) from error


def _spin(rclpy: Any) -> None:
    node = rclpy.create_node("edgegeo")
    stop = threading.Event()
    with ExitStack() as stack:
        stack.callback(node.destroy_node)
        settings = read_settings(node)
        localizer = Localizer(settings.engine, threads=settings.threads)
        log = None
        if settings.log:  # the node's clock is the time of day, or that of a simulation
            log = stack.enter_context(flight_log(settings.log, epoch_us=0))
        qos = rclpy.qos.qos_profile_sensor_data
        flight = RosFlight(node, message_class, qos, settings, localizer, log)

        def work() -> None:
            try:
                flight.fly(stop)
            except BaseException:
                rclpy.try_shutdown()  # a node that no longer locates must not seem to
                raise

        worker = threading.Thread(target=work, name="edgegeo flight")
        worker.start()
        stack.callback(worker.join)
        stack.callback(stop.set)
        rclpy.spin(node)


if __name__ == "__main__":
    sys.exit(main())
