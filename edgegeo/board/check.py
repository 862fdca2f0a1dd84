"""Whether an engine gives here what it gave where it was built, and what has changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgegeo import plans
from edgegeo.engine import Engine, open_engine, plans_in
from edgegeo.errors import EngineError, MissingExtraError
from edgegeo.model_folder import ENCODER
from edgegeo.provenance import versions
from edgegeo.reference import tolerance_of


@dataclass(frozen=True, kw_only=True)
class Check:
    """What `check` found. `difference` is the largest from the stored outputs, relative."""

    engine: Path
    tiles: int
    difference: float
    parity: Mapping[str, Any]  # what the export measured; empty where none was written
    changed: Mapping[str, tuple[str, str]]  # package -> version at the build, and here
    plans: Mapping[str, str]  # TensorRT plan -> whether it fits this board, or why not

    def __str__(self) -> str:
        most = tolerance_of(ENCODER, self.parity.get("precision", "fp32"))
        lines = [
            f"engine       {self.engine}, {self.tiles} tiles, every file as it was built",
            f"reference    off by {self.difference:.2g} with ONNX Runtime on the CPU, "
            f"at most {most:g} allowed",
        ]
        lines += _parity_lines(self.parity)
        lines += [
            f"version      {name} {here}, built with {built}"
            for name, (built, here) in self.changed.items()
        ]
        lines += [f"plan         {path}: {verdict}" for path, verdict in self.plans.items()]
        if not self.plans:
            lines.append("plans        none: ONNX Runtime flies")
        return "\n".join(lines)


def check(engine: str | Path) -> Check:
    """Hash every file, run both networks on the stored inputs, compare versions.

    Raises EngineError when a file was changed, a network cannot be loaded, or one gives other
    outputs than where the engine was built.
    """
    found = open_engine(engine, verify="files")
    built, here = found.manifest.versions, versions()
    return Check(
        engine=found.path,
        tiles=found.manifest.tiles,
        difference=found.check_reference(),
        parity=found.parity(),
        changed={n: (str(v), str(here[n])) for n, v in built.items() if n in here and here[n] != v},
        plans=judge_plans(found),
    )


def judge_plans(engine: Engine, candidates: int = 12) -> dict[str, str]:
    """Say of each plan, beside the engine or in the cache, whether it would be flown here."""
    found = [plan for folder in plans.places(engine) for plan in plans_in(folder)]
    if not found:
        return {}
    try:
        board = plans.toolkit().board
    except (EngineError, MissingExtraError) as error:
        return {str(plan): f"not used: {error}" for plan in found}
    whys = {str(plan): plans.misfit(plan, engine, board, candidates) for plan in found}
    return {
        plan: "fits this board" if why is None else f"would be rebuilt: {why}"
        for plan, why in whys.items()
    }


def _parity_lines(parity: Mapping[str, Any]) -> list[str]:
    if not parity:
        return ["export       no parity was recorded"]
    differences = ", ".join(
        f"{name} {off['max']:.2g}" for name, off in parity["differences"].items()
    )
    lines = [f"export       {parity['precision']}, largest errors: {differences}"]
    recall = parity.get("recall_at_1")
    if recall:
        lines.append(
            f"  Recall@1     {recall['reranked']:.3f}, in float32 {recall['reranked_fp32']:.3f}, "
            f"{recall['frames']} frames"
        )
    return lines
