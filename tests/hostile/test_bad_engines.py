"""Every way an engine folder can be broken is an EngineError that names the trouble."""

import json
import shutil

import numpy as np
import pytest

from edgegeo.engine import open_engine
from edgegeo.errors import EngineError
from edgegeo.manifest import FORMAT_VERSION, _digest, sha256_of
from tests.sample_engine import sample_engine


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return sample_engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture
def engine(good, tmp_path):
    return shutil.copytree(good, tmp_path / "field.edgegeo")


def files_of(engine):
    return sorted(p.relative_to(engine).as_posix() for p in engine.rglob("*") if p.is_file())


def rewrite_manifest(engine, **changes):
    path = engine / "manifest.json"
    body = json.loads(path.read_text()) | changes
    body.pop("digest")
    path.write_text(json.dumps(body | {"digest": _digest(body)}))


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 0x40
    path.write_bytes(data)


def test_a_missing_folder(tmp_path):
    with pytest.raises(EngineError, match=r"does not exist; make it with: edgegeo build"):
        open_engine(tmp_path / "none.edgegeo")


def test_an_empty_folder(tmp_path):
    with pytest.raises(EngineError, match="empty folder"):
        open_engine(tmp_path)


def test_a_file_in_its_place(tmp_path):
    (tmp_path / "map.tif").touch()
    with pytest.raises(EngineError, match=r"map\.tif is a file; an engine is a folder"):
        open_engine(tmp_path / "map.tif")


def test_a_foreign_folder(tmp_path):
    (tmp_path / "a.txt").touch()
    with pytest.raises(EngineError, match=r"is not an engine: it has no manifest\.json"):
        open_engine(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"\xff\xfe", b'{"format_version": 1}', b"[" * 100_000, b'{"name": "x"}'],
)
def test_a_broken_manifest(engine, content):
    (engine / "manifest.json").write_bytes(content)
    with pytest.raises(EngineError, match=r"manifest\.json"):
        open_engine(engine)


@pytest.mark.parametrize(("by", "advice"), [(1, "upgrade edgegeo"), (-1, "from its maps")])
def test_another_version(engine, by, advice):
    version = FORMAT_VERSION + by
    rewrite_manifest(engine, format_version=version)
    message = f"format version {version}, this edgegeo reads {FORMAT_VERSION}.*{advice}"
    with pytest.raises(EngineError, match=message):
        open_engine(engine)


def test_another_preprocessing(engine):
    rewrite_manifest(engine, preprocessing={"mean": 0})
    with pytest.raises(EngineError, match="preprocessing"):
        open_engine(engine)


def test_a_manifest_without_its_files(engine):
    rewrite_manifest(engine, files={})
    with pytest.raises(EngineError, match=r"does not list encoder\.onnx, ranker\.onnx"):
        open_engine(engine)


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "longer"])
def test_every_file_is_missed(good, tmp_path, damage):
    for name in files_of(good):
        if name == "manifest.json":
            continue
        engine = shutil.copytree(good, tmp_path / name.replace("/", "-"))
        path = engine / name
        data = path.read_bytes()
        path.unlink()
        if damage != "missing":
            path.write_bytes({"empty": b"", "truncated": data[:-1], "longer": data + b"0"}[damage])
        with pytest.raises(EngineError, match=f"{name} (is missing|must have)"):
            open_engine(engine)


def test_every_changed_byte_is_found_by_verify_all(good, tmp_path):
    for name in files_of(good):
        if name == "manifest.json":
            continue
        engine = shutil.copytree(good, tmp_path / name.replace("/", "-"))
        flip_a_byte(engine / name)
        with pytest.raises(EngineError, match=f"{name} was changed"):
            open_engine(engine, verify="all")
        if name.endswith(".onnx"):
            with pytest.raises(EngineError, match=f"{name} was changed"):
                open_engine(engine)


@pytest.mark.parametrize("name", ["embeddings", "tokens", "tiles", "thumbnails"])
@pytest.mark.parametrize("start", [0, 8, 20])
def test_a_header_of_another_kind_is_found_without_hashing(engine, name, start):
    path = engine / "gallery" / f"{name}.npy"
    data = bytearray(path.read_bytes())
    data[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with pytest.raises(EngineError, match=rf"{name}\.npy"):
        open_engine(engine)


def test_fewer_tiles_than_the_manifest_says(engine):
    rewrite_manifest(engine, tiles=50)
    with pytest.raises(EngineError, match="must have 50 rows"):
        open_engine(engine)


def test_pickles_are_never_loaded(engine):
    path = engine / "gallery" / "tiles.npy"
    np.save(path, np.array([{"a": 1}], object))
    files = json.loads((engine / "manifest.json").read_text())["files"]
    files["gallery/tiles.npy"] = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    rewrite_manifest(engine, files=files)
    with pytest.raises(EngineError, match=r"tiles\.npy"):
        open_engine(engine, verify="all")


def test_a_file_outside_the_folder_is_not_read(engine):
    files = json.loads((engine / "manifest.json").read_text())["files"]
    files["../outside"] = {"sha256": "", "bytes": 0}
    rewrite_manifest(engine, files=files)
    with pytest.raises(EngineError, match="leaves the engine's folder"):
        open_engine(engine)
