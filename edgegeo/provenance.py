"""What produced a result: the commit and the versions that ran."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("edgegeo", "numpy", "onnxruntime")


def commit() -> str | None:
    """Return `git describe` of the checkout the package runs from, None of an installed one."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def versions(*more: str) -> dict[str, str | None]:
    """Return the versions of Python and of the packages that matter, None where absent."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in (*PACKAGES, *more):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found
