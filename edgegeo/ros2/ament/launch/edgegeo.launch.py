"""Start the node. The names of the topics are remapped by arguments.

ros2 launch edgegeo_ros2 edgegeo.launch.py engine:=/data/field.edgegeo image:=/camera/image_raw
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

TOPICS = (
    *("image", "image/compressed", "camera_info"),
    *("imu", "pose", "range", "height", "velocity", "odom"),
)


def generate_launch_description() -> LaunchDescription:
    parameters = Path(get_package_share_directory("edgegeo_ros2")) / "config" / "edgegeo.yaml"
    names = {topic: topic.replace("/", "_") for topic in TOPICS}
    return LaunchDescription(
        [
            DeclareLaunchArgument("engine", description="engine folder"),
            DeclareLaunchArgument("params_file", default_value=str(parameters)),
            *(DeclareLaunchArgument(names[t], default_value=t) for t in TOPICS),
            Node(
                package="edgegeo_ros2",
                executable="edgegeo-ros2",
                name="edgegeo",
                output="screen",
                parameters=[
                    LaunchConfiguration("params_file"),
                    {"engine": LaunchConfiguration("engine")},
                ],
                remappings=[(topic, LaunchConfiguration(names[topic])) for topic in TOPICS],
            ),
        ]
    )
