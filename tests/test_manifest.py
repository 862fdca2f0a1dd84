"""manifest.json: what goes in comes out, and nothing else is let in."""

import dataclasses
import json

import pytest

from edgegeo.errors import EngineError
from edgegeo.manifest import (
    FORMAT_VERSION,
    FileRecord,
    Manifest,
    MapRecord,
    _digest,
    manifest_from_json,
    read_manifest,
)

MANIFEST = Manifest(
    model_id="tiny",
    px=32,
    grid=4,
    tile_m=40.0,
    gsd_m=1.25,
    footprint_m=50.0,
    overlap=0.5,
    tiles=3,
    preprocessing={"mean": 0.5},
    precision="int8",
    calibration={"temperature": 1.5, "bins": [1, 2]},
    maps=(
        MapRecord(
            name="Kärdla", licence="CC0", attribution="", bounds=(1, 2, 3, 4), warnings=("w",)
        ),
    ),
    files={"encoder.onnx": FileRecord(sha256="ab", bytes=7)},
    created="2026-01-01T00:00:00+00:00",
    versions={"numpy": "2"},
)


def signed(**changes) -> dict:
    """Return the manifest's JSON with changes, its digest made to fit."""
    body = json.loads(MANIFEST.to_json()) | changes
    body.pop("digest")
    return body | {"digest": _digest(body)}


def test_a_manifest_comes_back_as_it_was(tmp_path):
    (tmp_path / "manifest.json").write_text(MANIFEST.to_json(), encoding="utf-8")
    assert read_manifest(tmp_path) == MANIFEST


def test_sizes_add_up():
    files = {
        "encoder.onnx": FileRecord(sha256="", bytes=7),
        "gallery/tiles.npy": FileRecord(sha256="", bytes=5),
    }
    manifest = dataclasses.replace(MANIFEST, files=files)
    assert (manifest.total_bytes, manifest.gallery_bytes) == (12, 5)


def test_a_warning_of_many_maps_is_told_once():
    first = MANIFEST.maps[0]
    second = dataclasses.replace(first, name="b", warnings=("w", "only here"))
    manifest = dataclasses.replace(MANIFEST, maps=(first, second))
    assert manifest.map_warnings == ("2 maps: w", "b: only here")


def test_an_edited_manifest_is_noticed():
    body = json.loads(MANIFEST.to_json()) | {"tile_m": 41.0}
    with pytest.raises(EngineError, match="changed after it was built"):
        manifest_from_json(body, "m")


def test_a_newer_format_says_to_upgrade():
    body = {"format_version": FORMAT_VERSION + 1, "whatever": 1}
    with pytest.raises(EngineError, match="upgrade edgegeo"):
        manifest_from_json(body, "m")


def test_an_older_format_says_to_build_again():
    body = {"format_version": FORMAT_VERSION - 1, "whatever": 1}
    with pytest.raises(EngineError, match="build the engine again from its maps") as caught:
        manifest_from_json(body, "m")
    assert "upgrade" not in str(caught.value)


@pytest.mark.parametrize("body", [None, [], {}, {"format_version": "1"}, {"format_version": True}])
def test_foreign_json_is_refused(body):
    with pytest.raises(EngineError, match="not an edgegeo manifest"):
        manifest_from_json(body, "m")


@pytest.mark.parametrize(
    "changes",
    [
        {"tiles": 0},
        {"tiles": 1.5},
        {"px": "32"},
        {"tile_m": float("nan")},
        {"tile_m": -1},
        {"overlap": 1},
        {"model_id": None},
        {"calibration": []},
        {"maps": [{"name": "x"}]},
        {"maps": 3},
        {"maps": [{**dataclasses.asdict(MANIFEST.maps[0]), "bounds": [1, 2, 3, None]}]},
        {"files": {"../x": {"sha256": "", "bytes": 1}}},
        {"files": {"/etc/passwd": {"sha256": "", "bytes": 1}}},
        {"files": {"x": {"sha256": "", "bytes": -1}}},
        {"files": {"x": 3}},
    ],
)
def test_values_out_of_their_range_are_refused(changes):
    with pytest.raises(EngineError, match="not a valid manifest"):
        manifest_from_json(signed(**changes), "m")


def test_unknown_and_missing_keys_are_named():
    body = signed(colour="red")
    del body["grid"]
    with pytest.raises(EngineError, match="colour, grid"):
        manifest_from_json(body, "m")
