"""Where the trained weights of the repository lie."""

from pathlib import Path

STUDENT = Path(__file__).parents[1] / "training" / "weights" / "student-1.safetensors"
