"""A training set of six coloured places, mined, and the recipe of a run of seconds on it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.colour_encoders import write_encoder
from tests.datasets import trees
from training.mine_candidates import main as mine

ROOT = Path(__file__).parents[2]


def candidates(folder: Path, places: int = 6) -> Path:
    """Write a University-1652 of `places` training buildings and mine it by colour."""
    root = folder / "set"
    for label in range(1, 1 + places):
        trees.image(root / f"train/satellite/{label:04}/a.jpg", trees.colour_of(label), (32, 32))
        for view in range(2):
            path = root / f"train/drone/{label:04}/{view}.jpeg"
            trees.image(path, trees.colour_of(label), (40, 32))
    out, encoder = folder / "c.safetensors", write_encoder(folder / "e.onnx")
    words = ["university-1652", root, "--split", "train-drone-to-satellite", "--onnx", encoder]
    assert mine([*map(str, words), "--top", "3", "--out", str(out)]) == 0
    return out


SETTINGS = {
    "model": "small/qwen2_vl",
    "px": 32,
    "dtype": "float32",
    "candidates": 3,
    "held_out": 0.34,
    "epochs": 4,
    "batch": 2,
    "learning_rate": 1e-3,
    "warmup": 2,
    "report_every": 1,
    "validate_every": 4,
    "save_every": 3,
}


def recipe(folder: Path, **changed) -> Path:
    """Write a recipe: 8 queries to learn from, 4 steps an epoch."""
    values = {"train": str(folder / "c.safetensors"), **SETTINGS, **changed}
    path = folder / "recipe.toml"
    # JSON of a text, a number or a truth value is TOML, too
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
    return path


def start(out: Path, path: Path, processes: int = 1, **environment: str) -> subprocess.Popen[str]:
    """Start the command in processes of its own."""
    module = ["training.train_ranker", str(out), "--recipe", str(path)]
    command = [sys.executable, "-m", *module]
    if processes > 1:
        launch = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
        command = [sys.executable, "-m", *launch, *module]
    given = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.Popen(
        command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
