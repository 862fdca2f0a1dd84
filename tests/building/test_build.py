"""From maps to an engine: what is kept, what is told, what is refused."""

import fcntl
import shutil

import numpy as np
import pytest

from edgegeo.building import plan as build_plan
from edgegeo.building import tile_encoder
from edgegeo.building.build import build
from edgegeo.engine import open_engine
from edgegeo.errors import EngineError, MapError, RangeError
from edgegeo.geodesy import geo_from_enu
from edgegeo.maps import tiling
from edgegeo.maps.arraymap import ArrayRaster
from tests.sample_engine import GSD_M, LAT, LON, TILE_M, block_picture, sample_engine, sample_map
from tests.tiny_model import write_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "field.edgegeo"


def gallery_bytes(engine):
    return {path.name: path.read_bytes() for path in (engine / "gallery").iterdir()}


def test_the_summary_counts_and_the_rule_is_printed(model, out, capsys):
    summary = build([sample_map()], out, tile_m=TILE_M, model=model, attribution="us")

    assert (summary.tiles, summary.uncovered, summary.plain) == (49, 0, 0)
    assert summary.gsd_m == 1.25
    assert summary.bytes_per_tile == pytest.approx(16 + 4 + 16 * 8 + 4 + 24 + 3072, abs=20)
    told = capsys.readouterr()
    assert "0.8 x the short side of a 50 m footprint" in told.err
    assert "bytes a tile" in told.err
    assert told.out == ""
    (record,) = open_engine(out, verify="all").manifest.maps
    assert (record.name, record.licence, record.attribution) == ("sample-0", "CC0", "us")
    assert [p.name for p in out.parent.iterdir()] == [out.name]


def test_a_footprint_gives_a_tile_of_four_fifths(model, out):
    summary = build([sample_map()], out, footprint_m=60, model=model, progress=False)
    assert summary.tile_m == 48
    assert open_engine(out).manifest.footprint_m == pytest.approx(60)


def test_rows_follow_the_hilbert_curve_and_carry_their_own_tile(model, out):
    build([sample_map()], out, tile_m=TILE_M, model=model, progress=False)
    gallery = open_engine(out).gallery
    order = tiling.hilbert_order(gallery.lat_deg, gallery.lon_deg)
    assert order.tolist() == list(range(49))
    rgb, _ = sample_map().crop(gallery.lat_deg[5], gallery.lon_deg[5], TILE_M, 32)
    np.testing.assert_array_equal(gallery.thumbnails[5], rgb)


def test_several_maps_make_one_gallery(model, out):
    lat, lon = geo_from_enu(400.0, 0.0, LAT, LON)
    maps = [sample_map(), sample_map(1, float(lat), float(lon))]
    summary = build(maps, out, tile_m=TILE_M, model=model, licence="ODbL", progress=False)
    engine = open_engine(out)
    assert summary.tiles == 98
    assert np.bincount(engine.gallery.maps).tolist() == [49, 49]
    assert [m.name for m in engine.manifest.maps] == ["sample-0", "sample-1"]
    assert engine.manifest.maps[0].licence == "ODbL"


def test_tiles_without_data_or_detail_are_left_out_and_counted(model, out):
    rgb = block_picture(0)
    rgb[:, :100] = 90
    valid = np.ones(rgb.shape[:2], bool)
    valid[:, 200:] = False
    half = ArrayRaster(rgb, valid, LAT, LON, GSD_M, licence="CC0")
    summary = build([half], out, tile_m=TILE_M, model=model, progress=False)
    assert summary.uncovered > 0
    assert summary.plain > 0
    assert summary.tiles + summary.uncovered + summary.plain == 49
    assert open_engine(out).gallery.coverage.min() >= 0.6
    assert "without data" in str(summary)


def test_a_raster_smaller_than_a_tile_gives_one_tile(model, out):
    assert build([sample_map()], out, tile_m=200, model=model, progress=False).tiles == 1


@pytest.mark.parametrize("colour", [0, 128])
def test_a_map_without_any_tile_is_an_error_and_leaves_no_engine(model, out, colour):
    flat = ArrayRaster(np.full((300, 300, 3), colour, np.uint8), None, LAT, LON, GSD_M)
    with pytest.raises(MapError, match="no tile of 40 m can be made: of 49 places"):
        build([flat], out, tile_m=TILE_M, model=model, progress=False)
    assert list(out.parent.iterdir()) == []


def test_warnings_name_the_map(model, out):
    coarse = ArrayRaster(block_picture(0, 40), None, LAT, LON, 5.0, name="coarse", warnings=["odd"])
    summary = build([coarse], out, tile_m=200.0, model=model, progress=False)
    assert summary.warnings[0] == "coarse: odd"
    assert "licence is not recorded" in summary.warnings[-1]
    summary = build([coarse], out, tile_m=TILE_M, model=model, progress=False)
    assert "5 m a pixel, coarser than the 1.25 m" in summary.warnings[1]


@pytest.mark.parametrize(
    "settings",
    [
        {"tile_m": 40, "footprint_m": 50},
        {"tile_m": 0},
        {"tile_m": float("nan")},
        {"footprint_m": -1},
        {"footprint_m": float("inf")},
        {"overlap": 1.0},
        {"overlap": -0.1},
        {"overlap": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused(model, out, settings):
    with pytest.raises(RangeError):
        build([sample_map()], out, model=model, **settings)
    assert not out.exists()


def test_no_map_is_refused(model, out):
    with pytest.raises(MapError, match="no map given"):
        build([], out, model=model, progress=False)
    assert list(out.parent.iterdir()) == []


def test_an_interrupted_build_encodes_only_what_is_missing(model, out, tmp_path, monkeypatch):
    monkeypatch.setattr(build_plan, "SHARD_TILES", 10)
    monkeypatch.setattr(build_plan, "open_maps", lambda *_: [sample_map()])
    source = tmp_path / "map.tif"
    source.touch()
    build([source], tmp_path / "whole", tile_m=TILE_M, model=model, progress=False)
    encode, encoded = tile_encoder.TileEncoder.encode, []

    def interrupted(self, centres):
        if len(encoded) == 3:
            raise KeyboardInterrupt
        encoded.append(len(centres))
        return encode(self, centres)

    monkeypatch.setattr(tile_encoder.TileEncoder, "encode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build([source], out, tile_m=TILE_M, model=model, progress=False)
    with pytest.raises(EngineError, match="run the same build again"):
        open_engine(out)
    encoded.clear()
    build([source], out, tile_m=TILE_M, model=model, progress=False)

    assert encoded == [10, 9]
    assert gallery_bytes(out) == gallery_bytes(tmp_path / "whole")


@pytest.mark.parametrize("change", ["settings", "map"])
def test_shards_of_another_plan_are_thrown_away(model, out, tmp_path, monkeypatch, change):
    monkeypatch.setattr(build_plan, "SHARD_TILES", 10)
    seed = 0
    monkeypatch.setattr(build_plan, "open_maps", lambda *_: [sample_map(seed)])
    source = tmp_path / "map.tif"
    source.touch()
    with monkeypatch.context() as patch:
        patch.setattr("edgegeo.building.build.write_engine", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            build([source], out, tile_m=TILE_M, model=model, progress=False)
    if change == "map":
        source.write_bytes(b"changed")
        seed = 1
    tile_m = TILE_M if change == "map" else 30.0
    build([source], out, tile_m=tile_m, model=model, progress=False)
    build([sample_map(seed)], tmp_path / "fresh", tile_m=tile_m, model=model, progress=False)
    assert gallery_bytes(out) == gallery_bytes(tmp_path / "fresh")


def _interrupt(*_):
    raise KeyboardInterrupt


def test_an_engine_is_replaced(tmp_path, model):
    engine = sample_engine(tmp_path)
    before = open_engine(engine)  # a running program keeps its mapped files
    build([sample_map(1)], engine, tile_m=30, model=model, progress=False)
    assert open_engine(engine).manifest.tile_m == 30
    assert before.gallery.tokens.any()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model", "sample.edgegeo"]


def test_without_an_atomic_exchange_the_engine_is_replaced_too(tmp_path, model, monkeypatch):
    monkeypatch.setattr("edgegeo.durable.exchange", lambda *_: False)
    engine = sample_engine(tmp_path)
    build([sample_map(1)], engine, tile_m=30, model=model, progress=False)
    assert open_engine(engine).manifest.tile_m == 30
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model", "sample.edgegeo"]


def test_a_folder_that_is_no_engine_is_left_alone(tmp_path, model):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    with pytest.raises(EngineError, match="is not an edgegeo engine and is left alone"):
        build([sample_map()], tmp_path / "photos", model=model, progress=False)
    (tmp_path / "x.partial").mkdir()
    (tmp_path / "x.partial" / "thesis.doc").touch()
    with pytest.raises(EngineError, match="in the way"):
        build([sample_map()], tmp_path / "x", model=model, progress=False)
    assert (tmp_path / "photos" / "a.jpg").exists()
    assert (tmp_path / "x.partial" / "thesis.doc").exists()


def test_an_empty_folder_may_be_filled(out, model):
    out.mkdir()
    assert build([sample_map()], out, tile_m=TILE_M, model=model, progress=False).tiles == 49


def test_two_builds_of_one_engine_do_not_mix(out, model):
    partial = out.with_name(out.name + ".partial")
    partial.mkdir()
    with (partial / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EngineError, match="another build"):
            build([sample_map()], out, model=model, progress=False)


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path, model):
    engine = sample_engine(tmp_path)
    link = tmp_path / "link.edgegeo"
    link.symlink_to(engine)
    build([sample_map(1)], link, tile_m=30, model=model, progress=False)
    assert link.is_symlink()
    assert open_engine(engine).manifest.tile_m == 30


def test_a_backup_beside_the_engine_is_left_alone(tmp_path, model, monkeypatch):
    monkeypatch.setattr("edgegeo.durable.exchange", lambda *_: False)
    engine = sample_engine(tmp_path)
    backup = shutil.copytree(engine, tmp_path / "sample.edgegeo.old")
    build([sample_map(1)], engine, tile_m=30, model=model, progress=False)
    assert open_engine(backup).manifest.tile_m == TILE_M
