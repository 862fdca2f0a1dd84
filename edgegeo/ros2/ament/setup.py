"""The ament package of the node: a thin one, the code is in the Python package edgegeo."""

from setuptools import setup

NAME = "edgegeo_ros2"

setup(
    name=NAME,
    version="0.1.0",
    packages=[],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", ["launch/edgegeo.launch.py"]),
        (f"share/{NAME}/config", ["config/edgegeo.yaml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    entry_points={"console_scripts": ["edgegeo-ros2 = edgegeo.ros2.node:main"]},
)
