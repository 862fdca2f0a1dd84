"""A model as training delivers it: encoder.onnx, ranker.onnx, relation.onnx and model.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgegeo.errors import EngineError

ENCODER = "encoder.onnx"
RANKER = "ranker.onnx"
RELATION = "relation.onnx"  # the end of the ranker alone; a ranker of another kind has none
PARITY = "parity.json"  # what an export measured, see edgegeo.export
SHIPPED = Path(__file__).parent / "model"


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """What model.json says. `card` holds every other key: data, command, seed, metrics."""

    path: Path
    model_id: str
    px: int
    grid: int
    calibration: Mapping[str, Any]
    card: Mapping[str, Any]

    @property
    def networks(self) -> list[str]:
        return networks_in(self.path)


def networks_in(folder: Path) -> list[str]:
    """Return the names of the networks that a model, or an engine made with it, has."""
    return [name for name in (ENCODER, RANKER, RELATION) if (folder / name).is_file()]


def open_model(path: str | Path | None = None) -> ModelFolder:
    """Read a model folder, the shipped one by default; the networks are not loaded."""
    folder = SHIPPED if path is None else Path(path)
    for name in (ENCODER, RANKER, "model.json"):
        if not (folder / name).is_file():
            raise EngineError(
                f"{folder} is not a model folder: it has no {name}; expected {ENCODER}, "
                f"{RANKER} and model.json"
            )
    where = folder / "model.json"
    try:
        card = json.loads(where.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise EngineError(f"{where} cannot be read: {error}") from error
    if not isinstance(card, dict):
        raise EngineError(f"{where} must hold an object, got {card!r:.80}")
    model_id, px, grid = card.pop("model_id", None), card.pop("px", None), card.pop("grid", None)
    calibration = card.pop("calibration", {})
    if not isinstance(model_id, str) or not isinstance(calibration, dict):
        raise EngineError(f"{where} must give model_id as a text and calibration as an object")
    if type(px) is not int or type(grid) is not int or not 0 < grid <= px:
        raise EngineError(f"{where} must give whole numbers 0 < grid <= px, got {grid}, {px}")
    return ModelFolder(
        path=folder, model_id=model_id, px=px, grid=grid, calibration=calibration, card=card
    )
