"""Maps that cannot be used: each says what is wrong, as a MapError."""

import sqlite3
import sys

import numpy as np
import pytest

pytest.importorskip("rasterio")
pytest.importorskip("pyproj")

from affine import Affine

from edgegeo.errors import MapError, MissingExtraError
from edgegeo.maps import satmap
from tests.geotiffs import LAT0, LON0, placed, ramp, write

UTM = "EPSG:32632"


def good(path, **profile):
    affine = placed(UTM, 0.5)
    return write(path, ramp(UTM, affine), UTM, affine, **profile)


def test_a_missing_file(tmp_path):
    with pytest.raises(MapError, match=r"no such file or directory: .*nowhere\.tif"):
        satmap.open_map(tmp_path / "nowhere.tif")
    with pytest.raises(MapError, match="no such file or directory"):
        satmap.open_maps([tmp_path / "nowhere"])


def test_no_map_at_all(tmp_path):
    with pytest.raises(MapError, match="no map given"):
        satmap.open_maps([])
    with pytest.raises(MapError, match=r"holds no map; expected \.tif"):
        satmap.open_maps([tmp_path])
    with pytest.raises(MapError, match="a folder, and no set of tiles"):
        satmap.open_map(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no raster", bytes(1000)])
@pytest.mark.parametrize("name", ["m.tif", "m.mbtiles", "m.jpg"])
def test_a_file_that_is_no_map(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MapError, match=r"damaged, or no|MBTiles"):
        satmap.open_map(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_geotiff(tmp_path, share):
    path = good(tmp_path / "m.tif", compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    data = path.read_bytes()
    cut = tmp_path / "cut.tif"
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MapError, match=r"cut\.tif: damaged"):
        satmap.open_map(cut)


def test_a_file_damaged_after_it_was_opened(tmp_path):
    path = good(tmp_path / "m.tif", compress="deflate")
    raster = satmap.open_map(path)
    raster.close()
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(MapError, match="damaged"):
        raster.crop(LAT0, LON0, 40, 16)
    path.unlink()
    with pytest.raises(MapError, match="no such file"):
        raster.crop(LAT0, LON0, 40, 16)


def test_no_georeferencing(tmp_path):
    pixels = ramp(UTM, placed(UTM, 0.5))
    with pytest.warns(match="no geotransform"):
        bare = write(tmp_path / "bare.tif", pixels, None)
    with pytest.raises(MapError, match="not georeferenced"):
        satmap.open_map(bare)
    placed_only = write(tmp_path / "p.tif", pixels, None, transform=placed(UTM, 0.5))
    with pytest.raises(MapError, match=r"not georeferenced \(no coordinate system\)"):
        satmap.open_map(placed_only)


def test_a_coordinate_system_without_a_place_on_earth(tmp_path):
    local = 'LOCAL_CS["a building site",UNIT["metre",1]]'
    path = write(tmp_path / "m.tif", ramp(UTM, placed(UTM, 0.5)), local, placed(UTM, 0.5))
    with pytest.raises(MapError, match=r"no place on the Earth|not georeferenced"):
        satmap.open_map(path)


@pytest.mark.parametrize("nodata", [0, None])
def test_all_nodata(tmp_path, nodata):
    path = write(tmp_path / "m.tif", np.zeros((200, 200, 3), np.uint8), nodata=nodata)
    with pytest.raises(MapError, match=r"no pixel has data|one colour"):
        satmap.open_map(path)
    masked = good(tmp_path / "masked.tif", mask=np.zeros((200, 200), bool))
    with pytest.raises(MapError, match="no pixel has data"):
        satmap.open_map(masked)


def test_everything_masked_by_the_value_given(tmp_path):
    path = write(tmp_path / "m.tif", np.full((50, 50), 7, np.uint8))
    with pytest.raises(MapError, match="override"):
        satmap.open_map(path, nodata=7)


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (Affine(0.01, 0, 9, 0, -0.01, 85.2), "beyond 84.0 degrees"),
        (Affine(0.01, 0, 179.9, 0, -0.01, 45), "antimeridian"),
    ],
)
def test_the_ends_of_the_world(tmp_path, affine, reason):
    path = write(tmp_path / "m.tif", ramp(UTM, placed(UTM, 0.5)), "EPSG:4326", affine)
    with pytest.raises(MapError, match=reason):
        satmap.open_map(path)


def test_complex_pixels(tmp_path):
    path = write(tmp_path / "m.tif", np.ones((50, 50), np.complex64))
    with pytest.raises(MapError, match="integers or floats"):
        satmap.open_map(path)


def test_a_database_that_is_no_tile_set(tmp_path):
    file = sqlite3.connect(tmp_path / "m.mbtiles")
    file.execute("CREATE TABLE other (x INT)")
    file.commit()
    file.close()
    with pytest.raises(MapError, match="no MBTiles file"):
        satmap.open_map(tmp_path / "m.mbtiles")


def test_tiles_that_are_no_images(tmp_path):
    place = tmp_path / "17" / "5"
    place.mkdir(parents=True)
    (place / "6.png").write_bytes(b"no image")
    with pytest.raises(MapError, match="tile 17/5/6 is damaged"):
        satmap.open_map(tmp_path)


def test_the_extra_is_named(tmp_path, monkeypatch):
    path = good(tmp_path / "m.tif")
    monkeypatch.setitem(sys.modules, "rasterio", None)
    monkeypatch.setitem(sys.modules, "rasterio.errors", None)
    with pytest.raises(MissingExtraError, match=r"edgegeo\[map\]"):
        satmap.open_map(path)
