"""The curve of a training run: metrics.jsonl, one line a report, and TensorBoard if wanted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgegeo import durable
from edgegeo.errors import MissingExtraError


class Curve:
    """Appends to OUT/metrics.jsonl; a run that goes on from a step drops the lines behind it."""

    def __init__(self, out: Path, step: int, tensorboard: bool) -> None:
        self.path = out / "metrics.jsonl"
        kept = [json.dumps(line) + "\n" for line in read_curve(self.path) if line["step"] <= step]
        durable.write_file(self.path, "".join(kept).encode())
        self._board = _board(out, step) if tensorboard else None

    def add(self, line: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
        if self._board is not None:
            for name, value in line.items():
                self._board.add_scalar(name, value, line["step"])
            self._board.flush()

    def close(self) -> None:
        if self._board is not None:
            self._board.close()


def read_curve(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a curve; one that a kill has cut off is left out."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = []
    for text in lines:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        found.append(line)
    return found


def _board(out: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError.of("tensorboard = true", "train") from error
    return SummaryWriter(str(out), purge_step=step + 1)
