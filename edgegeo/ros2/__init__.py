"""The ROS 2 node `edgegeo-ros2`; the folder `ament` is its package for a colcon workspace."""
