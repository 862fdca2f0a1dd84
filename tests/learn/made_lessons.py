"""A landscape of two dates, frames over it, and lists mined by the shipped encoder."""

from pathlib import Path

from training import mine_candidates
from training.landscapes import landscape_queries


def lessons(folder: Path, seed: int = 7, frames: int = 6, top: int = 5) -> tuple[Path, Path]:
    """Return the set `truth` reads, and the file of its candidates."""
    queries = landscape_queries(folder, seed, 1, frames)
    file = folder / "lists.safetensors"
    words = ["truth", queries, "--model", "edgegeo/model", "--top", top, "--out", file]
    mine_candidates.run(mine_candidates.parser().parse_args([*map(str, words)]))
    return queries, file
