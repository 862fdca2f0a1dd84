"""What was fitted on validation data: fusion, probability, sigma, accept threshold, gate."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from edgegeo.errors import EngineError

FEATURES = ("bias", "lead", "relevance", "retrieval_lead", "agreement", "sharpness")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """When the first candidate alone is ranked; see edgegeo/ranking_gate.py.

    It is tried where retrieval leads by `least_lead` (mean cosine over any other place), and
    settles the frame where its probability is at least `sure`. That is a logistic regression of
    its own, on the same FEATURES: nothing is known of how the runner-up would have ranked.
    """

    least_lead: float
    sure: float
    probability_weights: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Numbers of the manifest's `calibration`; the defaults are those of no calibration.

    A candidate's score is `relevance_weight * relevance + retrieval_weight * cosine`, in units
    of log-odds between candidates. `probability_weights` belong to the features
    named in FEATURES (see fix.Evidence); `accept` is the least probability of an accepted fix.
    The fix's standard deviation is `sigma_scale` times the candidates' own, plus `sigma_floor`
    (in tile sides) in quadrature. Without a `gate` every candidate is ranked.
    """

    relevance_weight: float = 1.0
    retrieval_weight: float = 0.0
    probability_weights: tuple[float, ...] = (-4.0, 10.0, 0.0, 0.0, 0.0, 0.0)
    sigma_scale: float = 1.0
    sigma_floor: float = 0.02
    accept: float = 0.5
    gate: Gate | None = None

    def probability(self, features: tuple[float, ...]) -> float:
        """P(horizontal error <= 20 m) by logistic regression."""
        total = sum(w * x for w, x in zip(self.probability_weights, features, strict=True))
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))

    def of_first_alone(self, gate: Gate) -> "Calibration":
        """Return the calibration of frames of which only the first candidate was ranked."""
        return replace(self, probability_weights=gate.probability_weights)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def calibration_from_json(values: Mapping[str, Any]) -> Calibration:
    """Read a manifest's `calibration`; keys that are no field (notes, counts) are left out."""
    gate = values.get("gate")
    try:
        return Calibration(
            **_numbers(Calibration, values),
            gate=None if gate is None else Gate(**_numbers(Gate, gate)),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise EngineError(f"the engine's calibration is not numbers: {error}") from error


def _numbers(kind: type[Calibration | Gate], values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)} - {"gate"}
    known: dict[str, Any] = {key: value for key, value in values.items() if key in names}
    for key, value in known.items():
        known[key] = tuple(map(float, value)) if key == "probability_weights" else float(value)
    weights = known.get("probability_weights", FEATURES)
    if len(weights) != len(FEATURES):
        raise EngineError(
            f"the engine's calibration must have {len(FEATURES)} probability_weights "
            f"({', '.join(FEATURES)}), got {len(weights)}"
        )
    return known
