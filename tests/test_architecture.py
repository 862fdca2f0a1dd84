"""The house rules: imports point upstream, the heavy packages stay at the desk."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "edgegeo"
ORDER = [
    *("_core", "errors", "types", "sighting", "geodesy", "png"),
    *("rectify", "search", "pairs", "relate", "given", "copies", "framing", "agreement"),
    "maps",
    *(
        "durable",
        "provenance",
        "manifest",
        "model_folder",
        "preprocess",
        "timing",
        "cpus",
        "index",
        "backends",
        "gallery",
        "correlation",
        "reference",
        "engine",
        "plans",
        "networks",
    ),
    "building",
    *("calibration", "clock", "retrieval", "fix", "ranking_gate"),
    *("ranker", "localizer"),
    *("attitude", "height", "timesync", "camera", "camera_files"),
    *("camera_pose", "camera_sighting", "tracking", "track", "autopilot"),
    *("truth", "sources", "image_motion", "flight", "simulation", "logs", "report"),
    *("fly", "ros2", "datasets", "evaluation"),
    *("demo", "board", "models", "learn", "export"),
    *("commands", "engine_parser", "cli", "__main__"),
]
ONLY_AT_THE_DESK = {"models", "learn", "export"}
HEAVY = {
    *("torch", "tensorrt", "rclpy", "cv2", "pymavlink", "rasterio", "pyproj"),
    *("onnxruntime", "onnx", "transformers", "yaml", "serial", "av", "mcap", "rerun"),
}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """First names under `edgegeo.` that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "edgegeo":
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgegeo."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.startswith("edgegeo.")]
            found.update(name.split(".")[1] for name in names)
    return found


def packages(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upstream(path):
    part = part_of(path)
    if part == "__init__":
        return
    assert part in ORDER, f"{part} has no place in ORDER yet"
    upstream = set(ORDER[: ORDER.index(part) + 1])
    ours = imports(path) & {*ORDER, *map(part_of, FILES)}
    assert ours <= upstream, f"{path.name} imports {ours - upstream}, which come after it"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_torch_stays_at_the_desk(path):
    if part_of(path) not in ONLY_AT_THE_DESK:
        assert "torch" not in packages(path)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_autopilots_and_data_sets_never_meet(path):
    apart = {"autopilot": "datasets", "datasets": "autopilot"}
    assert apart.get(part_of(path)) not in imports(path)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_hold_one_idea(path):
    assert path.stem not in {"utils", "util", "helpers", "common", "misc"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_importing_edgegeo_loads_nothing_heavy():
    code = "import sys, edgegeo; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(out.stdout.split())


def test_importing_edgegeo_takes_no_time_of_its_own():
    """Under 0.15 s beside NumPy, counted as processor time so that a busy machine is no fault."""
    code = (
        "import time, numpy; start = time.process_time(); import edgegeo; "
        "print(time.process_time() - start)"
    )
    runs = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(runs) < 0.15


def test_public_names_are_functions_even_after_their_modules_are_imported():
    import edgegeo
    import edgegeo.building.build
    import edgegeo.evaluation.run
    import edgegeo.simulation.simulate

    for name in ("build", "evaluate", "simulate", "Localizer"):
        assert callable(getattr(edgegeo, name))
