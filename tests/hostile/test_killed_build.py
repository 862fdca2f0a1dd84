"""kill -9 before any step of a build: the old engine opens, the next build ends the same."""

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rasterio

from edgegeo.building import plan as build_plan
from edgegeo.building.build import build
from edgegeo.engine import open_engine
from edgegeo.errors import EngineError
from tests.sample_engine import GSD_M, TILE_M, block_picture, sample_map
from tests.tiny_model import write_model

ROOT = Path(__file__).parents[2]
OLD_TILE_M = 60.0


def run_build(place: Path, *options: str) -> subprocess.CompletedProcess:
    paths = [place / name for name in ("map.tif", "field.edgegeo", "model")]
    command = [sys.executable, "-m", "tests.hostile.build_once", *map(str, paths), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def gallery_bytes(engine: Path) -> dict:
    return {path.name: path.read_bytes() for path in (engine / "gallery").iterdir()}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with a map, a model and an older engine; 5 shards of tiles to build."""
    place = tmp_path_factory.mktemp("killed")
    with rasterio.open(
        place / "map.tif",
        "w",
        driver="GTiff",
        width=300,
        height=300,
        count=3,
        dtype="uint8",
        crs="EPSG:32635",
        transform=rasterio.Affine(GSD_M, 0, 370_000, 0, -GSD_M, 6_586_000),
    ) as file:
        file.write(block_picture(0).transpose(2, 0, 1))
    write_model(place / "model")
    old = [sample_map(9)]
    build(old, place / "field.edgegeo", tile_m=OLD_TILE_M, model=place / "model", progress=False)
    return place


@pytest.fixture(scope="module")
def expected(template):
    """The gallery of a build that nothing disturbs."""
    build_in(template, template / "undisturbed.edgegeo")
    gallery = gallery_bytes(template / "undisturbed.edgegeo")
    shutil.rmtree(template / "undisturbed.edgegeo")
    return gallery


def build_in(place: Path, out: Path) -> None:
    maps = [place / "map.tif"]
    build(maps, out, tile_m=TILE_M, model=place / "model", progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--plain-renames",)], ids=["exchange", "renames"])
def test_killed_at_many_points(template, expected, tmp_path, monkeypatch, options):
    monkeypatch.setattr(build_plan, "SHARD_TILES", 10)
    done = run_build(shutil.copytree(template, tmp_path / "undisturbed"), *options)
    whole, steps = map(int, done.stdout.split())
    growing = range(1, whole, 12 if not options else whole)
    swap = range(whole, whole + 7)
    points = sorted({*growing, *swap, (whole + steps) // 2, steps})

    def killed(point: int) -> tuple[int, Path, int]:
        place = shutil.copytree(template, tmp_path / str(point))
        done = run_build(place, "--kill-at", str(point), *options)
        return point, place, done.returncode

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(killed, points))

    seen = set()
    for point, place, code in results:
        assert code == -signal.SIGKILL, f"step {point}"
        out = place / "field.edgegeo"
        left = open_engine(out, verify="all")
        seen.add(left.manifest.tile_m)
        build_in(place, out)
        assert gallery_bytes(open_engine(out, verify="all").path) == expected, f"step {point}"
        assert sorted(p.name for p in place.iterdir()) == ["field.edgegeo", "map.tif", "model"]
    assert {OLD_TILE_M, TILE_M} == seen


def test_a_first_build_that_is_killed_says_to_run_it_again(template, expected, tmp_path):
    place = shutil.copytree(template, tmp_path / "place")
    shutil.rmtree(place / "field.edgegeo")
    assert run_build(place, "--kill-at", "12").returncode == -signal.SIGKILL
    with pytest.raises(EngineError, match="run the same build again"):
        open_engine(place / "field.edgegeo")
    assert run_build(place).returncode == 0
    assert gallery_bytes(place / "field.edgegeo") == expected


@pytest.mark.parametrize("file_bytes", [20_000, 100_000], ids=["in a shard", "at the end"])
def test_a_disk_that_fills_leaves_the_old_engine(template, expected, tmp_path, file_bytes):
    place = shutil.copytree(template, tmp_path / "place")
    failed = run_build(place, "--file-bytes", str(file_bytes))
    assert failed.returncode == 1
    assert "no room left while building" in failed.stderr
    assert open_engine(place / "field.edgegeo", verify="all").manifest.tile_m == OLD_TILE_M

    assert run_build(place).returncode == 0
    assert gallery_bytes(place / "field.edgegeo") == expected
