"""The ament package: what its files say agrees with the node and with each other."""

import ast
import runpy
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType, SimpleNamespace
from xml.etree import ElementTree

import pytest

import edgegeo.ros2
from edgegeo import __version__
from edgegeo.ros2.settings import NodeSettings

AMENT = Path(edgegeo.ros2.__file__).parent / "ament"


@pytest.fixture
def setup(monkeypatch):
    """What setup.py hands to setuptools, which is doubled: nothing is installed."""
    given = {}
    double = ModuleType("setuptools")
    double.setup = lambda **all_of_it: given.update(all_of_it)
    monkeypatch.setitem(sys.modules, "setuptools", double)
    runpy.run_path(str(AMENT / "setup.py"))
    return given


def test_package_xml_and_setup_agree(setup):
    root = ElementTree.parse(AMENT / "package.xml").getroot()
    assert root.find("name").text == setup["name"]
    assert root.find("version").text == setup["version"] == __version__
    assert root.find("export/build_type").text == "ament_python"
    assert (AMENT / "resource" / setup["name"]).is_file()


def test_every_file_that_is_installed_exists_and_none_is_left_out(setup):
    named = {file for _, files in setup["data_files"] for file in files}
    there = {
        str(path.relative_to(AMENT))
        for path in AMENT.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name not in ("setup.py", "setup.cfg")
    }
    assert named == there


def test_the_executable_is_where_ros2_run_looks(setup):
    (script,) = setup["entry_points"]["console_scripts"]
    assert script == "edgegeo-ros2 = edgegeo.ros2.node:main"
    assert f"install_scripts=$base/lib/{setup['name']}" in (AMENT / "setup.cfg").read_text()


def test_the_parameters_of_the_file_are_the_nodes_with_its_defaults():
    yaml = pytest.importorskip("yaml")
    table = yaml.safe_load((AMENT / "config" / "edgegeo.yaml").read_text())["/**"]
    known = {field.name: field.default for field in fields(NodeSettings)}
    for name, value in table["ros__parameters"].items():
        assert value == known[name]
        assert type(value) is type(known[name])  # rclpy refuses an integer for a float


def test_the_launch_file_starts_the_node_with_its_topics(monkeypatch):
    """Run with doubles of launch and launch_ros, which only a ROS 2 installation has."""
    made = SimpleNamespace(node=None)

    def node(**given):
        made.node = given

    doubles = {
        "ament_index_python.packages": {"get_package_share_directory": lambda name: f"/s/{name}"},
        "launch": {"LaunchDescription": list},
        "launch.actions": {"DeclareLaunchArgument": lambda name, **_: name},
        "launch.substitutions": {"LaunchConfiguration": lambda name: f"${name}"},
        "launch_ros.actions": {"Node": node},
    }
    for name in ("ament_index_python", "launch_ros", *doubles):
        module = ModuleType(name)
        vars(module).update(doubles.get(name, {}))
        monkeypatch.setitem(sys.modules, name, module)
    made_by = runpy.run_path(str(AMENT / "launch" / "edgegeo.launch.py"))
    arguments = made_by["generate_launch_description"]()
    assert (made.node["package"], made.node["executable"]) == ("edgegeo_ros2", "edgegeo-ros2")
    assert made.node["name"] == "edgegeo"
    remapped = dict(made.node["remappings"])
    assert remapped["image/compressed"] == "$image_compressed"
    assert set(arguments[2:-1]) == {value[1:] for value in remapped.values()}
    wiring = ast.parse((AMENT.parent / "wiring.py").read_text())
    texts = {n.value for n in ast.walk(wiring) if isinstance(n, ast.Constant)}
    assert set(remapped) <= texts
