"""A smaller mission area: the same answers inside it, or a clear error."""

import shutil

import numpy as np
import pytest

from edgegeo import Localizer, Prior
from edgegeo.building.build import build
from edgegeo.building.shrink import Box, shrink
from edgegeo.engine import open_engine
from edgegeo.errors import EngineError, MapError, RangeError
from edgegeo.simulation.camera import Shot, render
from tests.sample_engine import LAT, LON, TILE_M, sample_map
from tests.tiny_model import write_model

AWAY_DEG = 0.01
HERE = Box(LAT - 0.002, LON - 0.002, LAT + 0.002, LON + 0.002)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Of two maps, the second a kilometre north."""
    folder = tmp_path_factory.mktemp("large")
    model = write_model(folder / "model")
    maps = [sample_map(1, LAT + AWAY_DEG), sample_map(0)]
    build(maps, folder / "large.edgegeo", tile_m=TILE_M, model=model, progress=False)
    return folder / "large.edgegeo"


def test_a_box_keeps_the_rows_inside_it_and_the_maps_they_show(large, tmp_path):
    manifest = shrink(large, HERE, tmp_path / "small.edgegeo")
    before, after = open_engine(large), open_engine(tmp_path / "small.edgegeo", verify="all")
    kept = np.abs(before.gallery.lat_deg - LAT) < 0.002
    assert manifest.tiles == len(after.gallery) == kept.sum() == 49
    for name in ("embeddings", "embedding_scales", "tokens", "token_scales", "thumbnails"):
        whole = getattr(before.gallery, name)
        np.testing.assert_array_equal(getattr(after.gallery, name), whole[kept])
    np.testing.assert_array_equal(after.gallery.lon_deg, before.gallery.lon_deg[kept])
    assert set(after.gallery.maps) == {0}
    (record,) = after.manifest.maps
    assert (record.name, record.licence) == ("sample-0", "CC0")
    assert after.manifest.calibration == before.manifest.calibration
    assert after.check_reference() == 0
    assert [p.name for p in tmp_path.iterdir()] == ["small.edgegeo"]


def test_a_circle_keeps_the_tiles_whose_centres_it_holds(large, tmp_path):
    manifest = shrink(large, Prior(LAT, LON, 45.0), tmp_path / "small.edgegeo")
    assert 0 < manifest.tiles < 49


def test_a_frame_of_the_area_is_located_the_same(large, tmp_path):
    shrink(large, HERE, tmp_path / "small.edgegeo")
    shot = Shot(lat_deg=LAT, lon_deg=LON, heading_deg=0.0, gsd_m=0.2, size=(320, 240))
    frame = render(sample_map(0), shot, np.random.default_rng(0))
    known = {"heading_deg": 0.0, "gsd_m": 0.2, "prior": Prior(LAT, LON, 60.0)}
    one = Localizer(large).locate(frame, **known)
    other = Localizer(tmp_path / "small.edgegeo").locate(frame, **known)
    assert one.candidates
    assert len(one.candidates) == len(other.candidates)
    assert abs(one.lat_deg - other.lat_deg) < 1e-9
    assert abs(one.lon_deg - other.lon_deg) < 1e-9
    assert one.probability == pytest.approx(other.probability, abs=1e-9)


def test_an_older_small_engine_is_replaced(large, tmp_path):
    out = tmp_path / "small.edgegeo"
    shrink(large, Prior(LAT, LON, 45.0), out)
    assert shrink(large, HERE, out).tiles == len(open_engine(out).gallery) == 49


def test_an_area_without_a_tile_says_where_the_tiles_are(large, tmp_path):
    with pytest.raises(MapError, match=r"no tile in Box.*its tiles lie in 59\.39"):
        shrink(large, Box(10.0, 10.0, 11.0, 11.0), tmp_path / "small.edgegeo")
    with pytest.raises(MapError, match="no tile in Prior"):
        shrink(large, Prior(LAT, LON + 1, 100.0), tmp_path / "small.edgegeo")
    assert not list(tmp_path.iterdir())


def test_the_engine_itself_and_other_folders_are_left_alone(large, tmp_path):
    with pytest.raises(EngineError, match="is the engine to shrink"):
        shrink(large, HERE, large)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    with pytest.raises(EngineError, match="left alone"):
        shrink(large, HERE, tmp_path / "notes")


def test_a_changed_gallery_is_not_passed_on(large, tmp_path):
    """Its hashes would be made anew and the damage with them."""
    engine = shutil.copytree(large, tmp_path / "copy.edgegeo")
    tokens = engine / "gallery" / "tokens.npy"
    data = bytearray(tokens.read_bytes())
    data[-1] ^= 1
    tokens.write_bytes(data)
    with pytest.raises(EngineError, match=r"tokens\.npy was changed"):
        shrink(engine, HERE, tmp_path / "small.edgegeo")


def test_no_room_left_leaves_no_engine(large, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgegeo.building.shrink.npy_header", full)
    with pytest.raises(EngineError, match="no room left"):
        shrink(large, HERE, tmp_path / "small.edgegeo")
    assert not (tmp_path / "small.edgegeo").exists()
    monkeypatch.undo()
    assert shrink(large, HERE, tmp_path / "small.edgegeo").tiles == 49


def test_a_box_may_cross_the_antimeridian():
    box = Box(-1.0, 179.0, 1.0, -179.0)
    lon = np.array([178.9, 179.5, -179.5, 0.0])
    assert box.holds(np.zeros(4), lon).tolist() == [False, True, True, False]
    whole = Box(-90.0, -180.0, 90.0, 180.0)
    assert whole.holds(np.zeros(4), lon).all()


@pytest.mark.parametrize(
    ("edges", "says"),
    [
        ((2.0, 0.0, 1.0, 1.0), "south and north must be ascending"),
        ((0.0, 0.0, 91.0, 1.0), "south and north must be ascending"),
        ((0.0, float("nan"), 1.0, 1.0), "west and east must be"),
    ],
)
def test_a_box_off_the_earth_is_refused(edges, says):
    with pytest.raises(RangeError, match=says):
        Box(*edges)
