"""MBTiles and XYZ folders, written here and read back at known places."""

import sqlite3
import warnings

import numpy as np
import pytest

pytest.importorskip("rasterio")
pytest.importorskip("pyproj")

from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from edgegeo.errors import MapError
from edgegeo.geodesy import enu_from_geo, geo_from_enu
from edgegeo.maps import satmap
from tests.geotiffs import LAT0, LON0, colours_at, displacement_m

SIDE, ZOOM = 256, 18  # 0.42 m a pixel here


def tile_of(lat, lon, zoom):
    """The column and row that hold a point, by the formula of the XYZ scheme."""
    turn = np.radians(lat)
    y = (1 - np.log(np.tan(turn) + 1 / np.cos(turn)) / np.pi) / 2
    return int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)


def pixels_of(zoom, x, y):
    """The ramp of tests.geotiffs as seen by one tile."""
    at = (np.arange(SIDE) + 0.5) / SIDE
    lon = (x + at) / 2**zoom * 360 - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + at) / 2**zoom))))
    east, north = enu_from_geo(*np.meshgrid(lat, lon, indexing="ij"), LAT0, LON0)
    exact = np.minimum(colours_at(east, north), 255 - 1e-9)
    return (exact + np.random.default_rng(x + y).random(exact.shape)).astype(np.uint8)


def encoded(pixels, driver="PNG", **how):
    bands = np.moveaxis(np.atleast_3d(pixels), -1, 0)
    with MemoryFile() as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        shape = dict(zip(("count", "height", "width"), bands.shape, strict=True))
        with file.open(driver=driver, dtype=bands.dtype, **shape, **how) as out:
            out.write(bands)
        return file.read()


def tiles_around(zoom, reach=1, draw=pixels_of):
    """{(zoom, x, y): PNG} of the tiles about the middle."""
    x0, y0 = tile_of(LAT0, LON0, zoom)
    steps = range(-reach, reach + 1)
    return {
        (zoom, x0 + i, y0 + j): encoded(draw(zoom, x0 + i, y0 + j)) for i in steps for j in steps
    }


def write_folder(path, tiles, upwards=False, suffix=".png"):
    for (zoom, x, y), data in tiles.items():
        row = 2**zoom - 1 - y if upwards else y
        file = path / str(zoom) / str(x) / f"{row}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    if upwards:
        (path / "tilemapresource.xml").write_text("<TileMap/>")
    return path


def write_mbtiles(path, tiles, **about):
    file = sqlite3.connect(path)
    file.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
    file.execute(
        "CREATE TABLE tiles (zoom_level INT, tile_column INT, tile_row INT, tile_data BLOB)"
    )
    rows = [(z, x, 2**z - 1 - y, data) for (z, x, y), data in tiles.items()]
    file.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    file.executemany("INSERT INTO metadata VALUES (?, ?)", list(about.items()))
    file.commit()
    file.close()
    return path


@pytest.fixture(scope="module")
def tiles():
    return {**tiles_around(ZOOM), **tiles_around(ZOOM - 1), **tiles_around(ZOOM - 2)}


@pytest.mark.parametrize("kind", ["mbtiles", "xyz", "tms"])
@pytest.mark.parametrize(("side_m", "px"), [(41.3, 64), (71.3, 32), (73.1, 16)])
def test_a_crop_shows_what_lies_there(tmp_path, tiles, kind, side_m, px):
    if kind == "mbtiles":
        raster = satmap.open_map(write_mbtiles(tmp_path / "m.mbtiles", tiles))
    else:
        raster = satmap.open_map(write_folder(tmp_path, tiles, upwards=kind == "tms"))
    lat, lon = geo_from_enu(2.37, -3.19, LAT0, LON0)
    rgb, valid = raster.crop(float(lat), float(lon), side_m, px)
    raster.close()

    offset = (np.arange(px) - (px - 1) / 2) * side_m / px
    east, north = np.meshgrid(2.37 + offset, -3.19 - offset)
    assert np.abs(displacement_m(rgb, east, north)).max() < 0.03
    assert np.abs(rgb - colours_at(east, north)).max() < 3
    assert valid.min() == pytest.approx(1, abs=1e-3)


def test_bounds_and_ground_sampling(tmp_path, tiles):
    raster = satmap.open_map(write_folder(tmp_path, tiles))
    south, west, north, east = raster.bounds
    x0, y0 = tile_of(LAT0, LON0, ZOOM)
    assert tile_of(north - 1e-7, west + 1e-7, ZOOM) == (x0 - 1, y0 - 1)
    assert tile_of(south + 1e-7, east - 1e-7, ZOOM) == (x0 + 1, y0 + 1)
    assert raster.gsd_m == pytest.approx(0.5972 * np.cos(np.radians(LAT0)), rel=3e-3)


def test_missing_tiles_are_no_data(tmp_path):
    half = {key: data for key, data in tiles_around(ZOOM).items() if key[1] % 2 == 0}
    raster = satmap.open_map(write_folder(tmp_path, half))
    s, w, n, e = raster.bounds
    _, valid = raster.crop((s + n) / 2, (w + e) / 2, 120.0, 32)
    assert set(np.unique(valid > 0.5)) == {False, True}
    assert not raster.crop(LAT0 + 1, LON0, 40, 8)[1].any()


def test_alpha_is_honoured(tmp_path):
    def draw(zoom, x, y):
        alpha = np.full((SIDE, SIDE, 1), 255, np.uint8)
        alpha[: SIDE // 2] = 0
        return np.concatenate([pixels_of(zoom, x, y), alpha], axis=2)

    raster = satmap.open_map(write_folder(tmp_path, tiles_around(ZOOM, 0, draw)))
    s, w, n, e = raster.bounds
    valid = raster.crop((s + n) / 2, (w + e) / 2, 50.0, 16)[1]
    assert not valid[:7].any()
    assert valid[9:].min() > 0.99


def test_palette_tiles_and_untagged_fill(tmp_path):
    import rasterio

    index = np.zeros((SIDE, SIDE), np.uint8)
    index[:, 128:] = 1 + np.indices((SIDE, 128)).sum(axis=0) % 2
    with rasterio.open(
        tmp_path / "p.tif", "w", driver="GTiff", count=1, height=SIDE, width=SIDE, dtype="uint8",
        crs="EPSG:3857", transform=rasterio.Affine(2, 0, 5, 0, -2, 5),
    ) as out:  # fmt: skip
        out.write(index, 1)
        out.write_colormap(1, {0: (0, 0, 0), 1: (200, 100, 50), 2: (202, 102, 52)})
    from rasterio.shutil import copy

    copy(tmp_path / "p.tif", tmp_path / "p.png", driver="PNG")
    x, y = tile_of(LAT0, LON0, ZOOM)
    data = (tmp_path / "p.png").read_bytes()
    raster = satmap.open_map(write_folder(tmp_path / "tiles", {(ZOOM, x, y): data}))
    assert "50% of the map is one colour (0, 0, 0)" in raster.warnings[0]
    s, w, n, e = raster.bounds
    rgb, valid = raster.crop((s + n) / 2, (w + e) / 2, 50.0, 16)
    assert not valid[:, :7].any()
    assert np.abs(rgb[:, 9:] - [201.0, 101, 51]).max() <= 3
    again = satmap.open_map(tmp_path / "tiles", nodata=9)
    assert again.warnings == ()
    assert again.crop((s + n) / 2, (w + e) / 2, 50.0, 16)[1].min() > 0.99


def test_what_the_file_says_of_its_source(tmp_path):
    path = write_mbtiles(
        tmp_path / "m.mbtiles",
        tiles_around(ZOOM, 0),
        license="ODbL",
        attribution='<a href="x">somebody</a>',
    )
    raster = satmap.open_map(path)
    assert (raster.licence, raster.attribution) == ("ODbL", "somebody")
    raster.close()


def test_jpeg_tiles_and_a_folder_of_maps(tmp_path):
    jpeg = encoded(pixels_of(ZOOM, *tile_of(LAT0, LON0, ZOOM)), "JPEG", quality=95)
    tiles = {(ZOOM, *tile_of(LAT0, LON0, ZOOM)): jpeg}
    write_mbtiles(tmp_path / "b.mbtiles", tiles)
    write_mbtiles(tmp_path / "a.mbtiles", tiles)
    rasters = satmap.open_maps([tmp_path])
    assert [r.name for r in rasters] == ["a.mbtiles", "b.mbtiles"]
    for raster in rasters:
        assert raster.crop(LAT0, LON0, 10.0, 8)[1].any()
        raster.close()


def test_vector_tiles_are_refused(tmp_path):
    path = write_mbtiles(tmp_path / "m.mbtiles", {(1, 0, 0): b"pbf"}, format="pbf")
    with pytest.raises(MapError, match="vector tiles"):
        satmap.open_map(path)
