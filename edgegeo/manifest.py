"""manifest.json: what an engine is made of, and the hash of every file in it."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from edgegeo.errors import EngineError

FORMAT_VERSION = 2  # since 2 the ranker takes `move` and gives `turn` and `scale`
MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class MapRecord:
    """One source raster. `bounds` is (south, west, north, east) in degrees."""

    name: str
    licence: str
    attribution: str
    bounds: tuple[float, float, float, float]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """One file of the engine, by what it must be."""

    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The facts of one engine. `files` are keyed by their path inside the folder."""

    model_id: str
    px: int  # side of the network's input
    grid: int  # tokens along a side
    tile_m: float
    gsd_m: float  # metres per pixel of the network's input: tile_m / px
    footprint_m: float  # short side of the frames it was built for
    overlap: float
    tiles: int
    preprocessing: Mapping[str, Any]
    precision: str
    calibration: Mapping[str, Any]
    maps: tuple[MapRecord, ...]
    files: Mapping[str, FileRecord]
    created: str
    versions: Mapping[str, str | None]
    format_version: int = FORMAT_VERSION

    @property
    def total_bytes(self) -> int:
        """Size of every listed file together."""
        return sum(record.bytes for record in self.files.values())

    @property
    def gallery_bytes(self) -> int:
        """Size of the gallery's files, which grows with the map."""
        return sum(r.bytes for name, r in self.files.items() if name.startswith("gallery/"))

    @property
    def map_warnings(self) -> tuple[str, ...]:
        """Every warning once, with the map or the number of maps it is about."""
        about: dict[str, list[str]] = {}
        for record in self.maps:
            for warning in record.warnings:
                about.setdefault(warning, []).append(record.name)
        return tuple(
            f"{names[0] if len(names) == 1 else f'{len(names)} maps'}: {warning}"
            for warning, names in about.items()
        )

    def to_json(self) -> str:
        """Return the text of manifest.json, which ends in the hash of all that stands above."""
        body = asdict(self)
        return json.dumps(body | {"digest": _digest(body)}, indent=2, ensure_ascii=False) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read and check `folder`/manifest.json; raises EngineError saying what is wrong."""
    path = folder / MANIFEST
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EngineError(f"{folder} is not an engine: it has no {MANIFEST}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise EngineError(f"{path} cannot be read: {error}") from error
    return manifest_from_json(body, str(path))


def manifest_from_json(body: Any, where: str) -> Manifest:
    """Return the Manifest of parsed JSON, checking version, digest, keys, types and ranges."""
    if not isinstance(body, dict) or type(body.get("format_version")) is not int:
        raise EngineError(f"{where} is not an edgegeo manifest: it has no format_version")
    version = body["format_version"]
    if version > FORMAT_VERSION:
        raise EngineError(
            f"{where} has format version {version}, this edgegeo reads {FORMAT_VERSION}: "
            "upgrade edgegeo, or build the engine again with this one"
        )
    if version < FORMAT_VERSION:
        raise EngineError(
            f"{where} has format version {version}, this edgegeo reads {FORMAT_VERSION} and "
            "cannot fly the networks of older ones: build the engine again from its maps"
        )
    body = dict(body)
    digest = body.pop("digest", None)
    known = {field.name for field in fields(Manifest)}
    if body.keys() != known:
        odd = ", ".join(sorted(body.keys() ^ known))
        raise EngineError(f"{where} has missing or unknown keys: {odd}")
    if digest != _digest(body):
        raise EngineError(f"{where} was changed after it was built: its digest does not fit")
    try:
        return _checked(body)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{where} is not a valid manifest: {error}") from error


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(body: dict[str, Any]) -> Manifest:
    for key in ("px", "grid", "tiles"):
        if type(body[key]) is not int or body[key] < 1:
            raise ValueError(f"{key} must be a positive integer, got {body[key]!r}")
    for key in ("tile_m", "gsd_m", "footprint_m"):
        if not (_is_number(body[key]) and body[key] > 0):
            raise ValueError(f"{key} must be positive metres, got {body[key]!r}")
    if not (_is_number(body["overlap"]) and 0 <= body["overlap"] < 1):
        raise ValueError(f"overlap must be in [0, 1), got {body['overlap']!r}")
    for key in ("model_id", "precision", "created"):
        if not isinstance(body[key], str):
            raise TypeError(f"{key} must be a text, got {body[key]!r}")
    for key in ("preprocessing", "calibration", "files", "versions"):
        if not isinstance(body[key], dict):
            raise TypeError(f"{key} must be an object, got {body[key]!r:.80}")
    maps = tuple(_map_record(**record) for record in body["maps"])
    files = {_inside(name): _file_record(**record) for name, record in body["files"].items()}
    return Manifest(**(body | {"maps": maps, "files": files}))


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _inside(name: str) -> str:
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or not name:
        raise ValueError(f"file name {name!r} leaves the engine's folder")
    return name


def _map_record(
    name: str, licence: str, attribution: str, bounds: list[float], warnings: list[str]
) -> MapRecord:
    south, west, north, east = bounds
    if not all(map(_is_number, bounds)):
        raise ValueError(f"bounds of map {name!r} must be finite degrees, got {bounds}")
    return MapRecord(
        name=str(name),
        licence=str(licence),
        attribution=str(attribution),
        bounds=(south, west, north, east),
        warnings=tuple(map(str, warnings)),
    )


def _file_record(sha256: str, bytes: int) -> FileRecord:
    if type(bytes) is not int or bytes < 0 or not isinstance(sha256, str):
        raise ValueError("files must map names to {sha256, bytes}")
    return FileRecord(sha256=sha256, bytes=bytes)
