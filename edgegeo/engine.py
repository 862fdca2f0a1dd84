"""The one folder a drone carries: models, gallery and a manifest with their hashes."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgegeo import reference
from edgegeo.backends.sidecar import read_sidecar, verify_plan
from edgegeo.errors import EngineError, RangeError
from edgegeo.gallery import FILES, Gallery, open_gallery
from edgegeo.manifest import MANIFEST, Manifest, MapRecord, read_manifest, sha256_of
from edgegeo.model_folder import ENCODER, PARITY, RANKER, RELATION
from edgegeo.preprocess import PREPROCESSING

REQUIRED = (ENCODER, RANKER, *(f"gallery/{name}.npy" for name in FILES))
PLAN = ".plan"  # encoder.plan is made of encoder.onnx
NAMED_MAPS = 3  # how many maps of one source `describe` names


@dataclass(frozen=True, eq=False)
class Engine:
    """An engine that passed the checks of `open_engine`."""

    path: Path
    manifest: Manifest
    gallery: Gallery

    @property
    def encoder_path(self) -> Path:
        return self.path / ENCODER

    @property
    def ranker_path(self) -> Path:
        return self.path / RANKER

    @property
    def relation_path(self) -> Path | None:
        return self.path / RELATION if RELATION in self.manifest.files else None

    def describe(self) -> str:
        """Return what `edgegeo info` prints."""
        m = self.manifest
        lines = [
            f"engine       {self.path} (format {m.format_version}, built {m.created})",
            f"model        {m.model_id}, {m.precision} gallery",
            f"tiles        {m.tiles} of {m.tile_m:g} m at {m.gsd_m:.4g} m/px, "
            f"overlap {m.overlap:g}",
            f"size         {m.gallery_bytes / m.tiles:.0f} bytes a tile, "
            f"{m.total_bytes / 1e6:.1f} MB in all",
            f"rule         {footprint_rule(m.tile_m, m.px)}",
            f"calibration  {', '.join(map(_setting, m.calibration.items())) or 'none'}",
            f"versions     {', '.join(f'{name} {value}' for name, value in m.versions.items())}",
            *map(_plan_line, plans_in(self.path)),
        ]
        for (licence, attribution), records in _by_source(m.maps).items():
            names = ", ".join(record.name for record in records[:NAMED_MAPS])
            more = len(records) - NAMED_MAPS
            lines.append(f"maps         {names}{f' and {more} more' if more > 0 else ''}")
            south, west = (min(record.bounds[i] for record in records) for i in (0, 1))
            north, east = (max(record.bounds[i] for record in records) for i in (2, 3))
            lines.append(f"  bounds       {south:.6f},{west:.6f} to {north:.6f},{east:.6f}")
            lines.append(f"  licence      {licence or 'not recorded'}")
            lines.append(f"  attribution  {attribution or 'not recorded'}")
        lines.extend(f"warning      {warning}" for warning in m.map_warnings)
        return "\n".join(lines)

    def check_reference(self) -> float:
        """Run the models on the stored inputs; return the largest relative difference.

        Raises EngineError when this machine does not compute what the desk computed.
        """
        return reference.largest_difference(self.path, self.precision)

    def parity(self) -> dict[str, Any]:
        """Return what the export of the networks measured; empty where it wrote nothing."""
        if PARITY not in self.manifest.files:
            return {}
        try:
            found = json.loads((self.path / PARITY).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EngineError(f"{self.path / PARITY} cannot be read: {error}") from error
        if not isinstance(found, dict):
            raise EngineError(f"{self.path / PARITY} must hold an object, got {found!r:.80}")
        return found

    @property
    def precision(self) -> str:
        """What the networks compute in: fp32, fp16 or int8."""
        return str(self.parity().get("precision", "fp32"))


def open_engine(path: str | Path, verify: Literal["models", "files", "all"] = "models") -> Engine:
    """Open an engine folder, refusing anything that is not whole.

    Always checked: the manifest, the size of every file, the hashes of the models, and the
    header and shape of the gallery's files. With `verify="files"` every file is hashed, which
    reads the whole gallery; with "all" so are the TensorRT plans that were added on a board.

    Raises EngineError saying what was expected, what came, and what to do.
    """
    if verify not in ("models", "files", "all"):
        raise RangeError.of("verify", "'models', 'files' or 'all'", repr(verify))
    folder = _find(Path(path))
    manifest = read_manifest(folder)
    missing = [name for name in REQUIRED if name not in manifest.files]
    if missing:
        raise EngineError(f"{folder / MANIFEST} does not list {', '.join(missing)}")
    if manifest.preprocessing != PREPROCESSING:
        raise EngineError(
            f"{folder} wants preprocessing {manifest.preprocessing}, this edgegeo does "
            f"{PREPROCESSING}: use the edgegeo that built it, or build it again"
        )
    _check_files(folder, manifest, hash_all=verify != "models")
    if verify == "all":
        for plan in plans_in(folder):
            verify_plan(plan)
    gallery = open_gallery(
        folder / "gallery",
        tiles=manifest.tiles,
        tokens=manifest.grid**2,
        tile_m=manifest.tile_m,
    )
    return Engine(folder, manifest, gallery)


def is_engine(folder: Path) -> bool:
    """Return whether a folder is an engine of ours, whole or not, of any version."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return '"format_version"' in text and '"model_id"' in text


def plans_in(folder: Path) -> list[Path]:
    """Return the TensorRT plans in a folder; no manifest lists them, each has a sidecar."""
    return sorted(folder.glob("*" + PLAN))


def set_aside(out: Path) -> Path:
    """Return where a build moves the old engine while it puts the new one in its place."""
    return out.with_name(out.name + ".replaced")


def footprint_rule(tile_m: float, px: int) -> str:
    """Return the one rule that says how a frame meets a tile.

    >>> print(footprint_rule(96, 128))
    frames are resampled to 0.75 m/px and cut or padded to four tiles of 96 m, which is \
0.8 x the short side of a 120 m footprint; a footprint under 48 m is a reject
    """
    return (
        f"frames are resampled to {tile_m / px:.4g} m/px and cut or padded to four tiles of "
        f"{tile_m:g} m, which is 0.8 x the short side of a {tile_m / 0.8:g} m footprint; "
        f"a footprint under {tile_m / 2:g} m is a reject"
    )


def _find(path: Path) -> Path:
    if path.is_dir():
        if not any(path.iterdir()):
            raise EngineError(f"{path} is an empty folder, not an engine: edgegeo build --out it")
        return path
    if path.exists():
        raise EngineError(f"{path} is a file; an engine is a folder with a {MANIFEST}")
    path = Path(os.path.abspath(path))
    if is_engine(set_aside(path)):  # a build was killed between its last two renames
        return set_aside(path)
    hint = "make it with: edgegeo build MAP --out ENGINE"
    if path.with_name(path.name + ".partial").is_dir():
        hint = "its build was interrupted: run the same build again, it goes on from there"
    raise EngineError(f"{path} does not exist; {hint}")


def _check_files(folder: Path, manifest: Manifest, hash_all: bool) -> None:
    for name, record in manifest.files.items():
        file = folder / name
        if not file.is_file():
            raise EngineError(f"{file} is missing; copy the whole folder, or build it again")
        size = file.stat().st_size
        if size != record.bytes:
            raise EngineError(
                f"{file} must have {record.bytes} bytes, got {size}: cut short or changed; "
                "copy it again, or build the engine again"
            )
        if (hash_all or name in (ENCODER, RANKER, RELATION)) and sha256_of(file) != record.sha256:
            raise EngineError(
                f"{file} was changed: its sha256 is not the one in {MANIFEST}; "
                "copy it again, or build the engine again"
            )


def _plan_line(plan: Path) -> str:
    try:
        board = read_sidecar(plan).board
    except EngineError as error:
        return f"plan         {plan.name}: {error}"
    return f"plan         {plan.name}: TensorRT {board.tensorrt}, {board.device}"


def _by_source(maps: Sequence[MapRecord]) -> dict[tuple[str, str], list[MapRecord]]:
    groups: dict[tuple[str, str], list[MapRecord]] = {}
    for record in maps:
        groups.setdefault((record.licence, record.attribution), []).append(record)
    return groups


def _setting(item: tuple[str, object]) -> str:
    name, value = item
    if isinstance(value, list | dict):
        return f"{name} ({len(value)} values)"
    return f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
