"""What stands beside each plan: what it was built from and for, and its hash."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgegeo.backends.cuda import Board
from edgegeo.errors import EngineError
from edgegeo.manifest import sha256_of

SUFFIX = ".json"  # encoder.plan has encoder.plan.json


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """One plan. `profiles` hold the least, usual and most of each input's first axis."""

    board: Board
    onnx_sha256: str
    plan_sha256: str
    profiles: Mapping[str, tuple[int, int, int]]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    def misfit(
        self, board: Board, onnx_sha256: str, sides: Mapping[str, tuple[int, int, int]]
    ) -> str | None:
        """Say why this plan is not for that board, network and batch; None where it is.

        The driver is recorded and not compared: a plan belongs to a TensorRT and a GPU.
        """
        for name in ("tensorrt", "compute_capability", "l4t"):
            mine, theirs = getattr(self.board, name), getattr(board, name)
            if mine != theirs:
                return f"it was built for {name} {mine}, here is {theirs}"
        if self.onnx_sha256 != onnx_sha256:
            return "it was built from another network"
        for name, (least, _, most) in sides.items():
            low, _, high = self.profiles.get(name, (0, 0, 0))
            if not low <= least <= most <= high:
                return f"its {name} may have {low} to {high} rows, needed are {least} to {most}"
        return None


def read_sidecar(plan: Path) -> Sidecar:
    """Read the sidecar of a plan; raises EngineError where it is missing or not one."""
    path = plan.with_name(plan.name + SUFFIX)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        _same_keys(body, Sidecar)
        _same_keys(body["board"], Board)
        profiles = {name: _three(sides) for name, sides in body["profiles"].items()}
        return Sidecar(**(body | {"board": Board(**body["board"]), "profiles": profiles}))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise EngineError(f"{path} is not the sidecar of a plan: {error}") from error


def verify_plan(plan: Path) -> Sidecar:
    """Read the sidecar and hash the plan; raises EngineError where they do not fit."""
    sidecar = read_sidecar(plan)
    if sha256_of(plan) != sidecar.plan_sha256:
        raise EngineError(
            f"{plan} was cut short or changed: its sha256 is not the one in its sidecar; "
            "run edgegeo engine build"
        )
    return sidecar


def _same_keys(body: Any, kind: type) -> None:
    known = {field.name for field in fields(kind)}
    if not isinstance(body, dict) or body.keys() != known:
        raise ValueError(f"expected the keys {', '.join(sorted(known))}, got {body!r:.80}")


def _three(sides: Any) -> tuple[int, int, int]:
    least, usual, most = sides
    if not all(type(side) is int for side in (least, usual, most)):
        raise TypeError(f"a profile is three whole numbers, got {sides!r:.80}")
    return least, usual, most
