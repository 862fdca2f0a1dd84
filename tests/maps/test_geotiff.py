"""GeoTIFFs in several coordinate systems and pixel formats, read back at known places."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("rasterio")
pytest.importorskip("pyproj")

from rasterio.enums import ColorInterp, Resampling

from edgegeo.geodesy import geo_from_enu
from edgegeo.maps import satmap
from edgegeo.maps.geotiff import GeoTiff
from tests.geotiffs import LAT0, LON0, colours_at, displacement_m, placed, ramp, write

TURNED_TM = "+proj=tmerc +lat_0=45.4 +lon_0=9.2 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
PLACES = {
    "utm": ("EPSG:32632", placed("EPSG:32632", 0.5)),
    "degrees": ("EPSG:4326", placed("EPSG:4326", 0.5 / 111_000)),
    "web mercator": ("EPSG:3857", placed("EPSG:3857", 0.7)),
    "turned": (TURNED_TM, placed(TURNED_TM, 0.5, turn_deg=25)),
    "oblong pixels": ("EPSG:32632", placed("EPSG:32632", 0.4, tall=1.5)),
}
ROLES = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


def tile_offsets(side_m, px):
    """Metres east and north of a tile's pixel centres from its centre, as the contract says."""
    u, v = np.meshgrid(np.arange(px), np.arange(px))
    return (u - (px - 1) / 2) * side_m / px, -(v - (px - 1) / 2) * side_m / px


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("side_m", "px"), [(41.3, 64), (41.3, 16), (16.7, 64)])
def test_a_crop_shows_what_lies_there(tmp_path, place, side_m, px):
    crs, affine = PLACES[place]
    raster = GeoTiff(write(tmp_path / "m.tif", ramp(crs, affine), crs, affine))
    east, north = tile_offsets(side_m, px)

    lat, lon = geo_from_enu(3.37, -7.19, LAT0, LON0)
    rgb, valid = raster.crop(float(lat), float(lon), side_m, px)

    error = rgb - colours_at(3.37 + east, north - 7.19)
    assert valid.min() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(error).max() <= 2.1  # two roundings to 8 bit, half a metre is 1.5
    assert np.abs(displacement_m(rgb, 3.37 + east, north - 7.19)).max() < 0.02  # 1/25 pixel
    assert rgb.dtype == np.uint8
    assert valid.dtype == np.float32


def test_bounds_and_gsd(tmp_path):
    crs, affine = PLACES["utm"]
    raster = GeoTiff(write(tmp_path / "m.tif", ramp(crs, affine), crs, affine))
    lat, lon = geo_from_enu([-50, 50], [-50, 50], LAT0, LON0)
    np.testing.assert_allclose(raster.bounds, (lat[0], lon[0], lat[1], lon[1]), atol=5e-6)
    assert raster.gsd_m == pytest.approx(0.5, rel=1e-3)
    assert raster.name == "m.tif"
    assert raster.warnings == ()


def test_an_overview_is_used_and_lies_in_the_same_place(tmp_path):
    import rasterio

    crs, affine = PLACES["utm"]
    path = write(tmp_path / "m.tif", ramp(crs, affine), crs, affine)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4], Resampling.average)
    raster = GeoTiff(path)
    east, north = tile_offsets(72.0, 16)

    rgb, _ = raster.crop(LAT0, LON0, 72.0, 16)

    assert raster._level(9.0) == 1
    assert raster._level(1.9) is None
    assert np.abs(displacement_m(rgb, east, north)).max() < 0.05


def test_a_large_window_is_read_in_strips(tmp_path, monkeypatch):
    crs, affine = PLACES["turned"]
    path = write(tmp_path / "m.tif", ramp(crs, affine), crs, affine)
    whole = GeoTiff(path).crop(LAT0, LON0, 72.0, 16)
    monkeypatch.setattr("edgegeo.maps.geotiff.READ_PX", 2000)
    strips = GeoTiff(path).crop(LAT0, LON0, 72.0, 16)
    assert np.abs(whole[0].astype(int) - strips[0]).max() <= 2
    np.testing.assert_allclose(whole[1], strips[1], atol=0.02)


def test_outside_the_map_there_is_nothing(tmp_path):
    raster = GeoTiff(write(tmp_path / "m.tif", grey_all(), nodata=0))
    rgb, valid = raster.crop(LAT0 + 1, LON0, 40, 16)
    assert not rgb.any()
    assert not valid.any()
    lat, lon = geo_from_enu(50, 0, LAT0, LON0)  # the middle of the east edge
    rgb, valid = raster.crop(float(lat), float(lon), 40, 16)
    np.testing.assert_allclose(valid[:, :7], 1, atol=1e-3)
    assert not valid[:, 9:].any()
    assert np.abs(rgb[valid > 0] - 77.0).max() <= 2  # no dark edge


def grey_all(value=77):
    """(200, 200, 3) of two shades."""
    return (value + np.indices((200, 200)).sum(axis=0)[..., None] % 2).repeat(3, 2).astype("u1")


def grey_half(value=200):
    """(200, 200, 3): data of two shades on the west half, 0 on the east."""
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[:, :100] = value + np.indices((200, 100)).sum(axis=0)[..., None] % 2
    return pixels


def half_crop(raster, value=200):
    """Check that only the west half is valid and no dark border bleeds into it."""
    for side_m, px in ((40.0, 16), (40.0, 100), (90.0, 16)):
        rgb, valid = raster.crop(LAT0, LON0, side_m, px)
        assert valid[:, : px // 2 - 2].min() > 0.99
        assert valid[:, px // 2 + 2 :].max() == 0
        assert (np.abs(rgb[valid > 0].astype(int) - value) <= 2).all()


def test_nodata_does_not_bleed(tmp_path):
    half_crop(GeoTiff(write(tmp_path / "m.tif", grey_half(), nodata=0)))


def test_an_internal_mask_is_honoured(tmp_path):
    mask = np.zeros((200, 200), bool)
    mask[:, :100] = True
    half_crop(GeoTiff(write(tmp_path / "m.tif", grey_half(), mask=mask)))


def test_an_alpha_band_is_honoured(tmp_path):
    alpha = np.zeros((200, 200, 1), np.uint8)
    alpha[:, :100] = 255
    bands = np.concatenate([grey_half(), alpha], axis=2)
    raster = GeoTiff(write(tmp_path / "m.tif", bands, colorinterp=(*ROLES, ColorInterp.alpha)))
    half_crop(raster)


def test_a_near_infrared_band_is_left_out(tmp_path):
    bands = np.dstack([np.full((50, 50), v, np.uint8) for v in (250, 10, 20, 30)])
    roles = (ColorInterp.undefined, ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    path = write(tmp_path / "m.tif", bands, colorinterp=roles)
    rgb, _ = GeoTiff(path, nodata=255).crop(LAT0, LON0, 4, 4)
    assert rgb[0, 0].tolist() == [10, 20, 30]


def test_one_band_is_grey(tmp_path):
    grey = np.arange(200, dtype=np.uint8).repeat(200).reshape(200, 200)
    rgb, _ = GeoTiff(write(tmp_path / "m.tif", grey)).crop(LAT0, LON0, 20, 8)
    assert (rgb[..., 0] == rgb[..., 1]).all()
    assert rgb[:, :, 0].mean() == pytest.approx(99.5, abs=0.6)


def test_a_palette_is_expanded_and_its_untagged_fill_found(tmp_path):
    index = np.full((200, 200), 255, np.uint8)
    index[40:, :100] = 7
    index[97:104, 20:30] = 3
    colours = {7: (200, 200, 200, 255), 3: (0, 0, 0, 255), 255: (0, 0, 0, 255)}
    raster = GeoTiff(write(tmp_path / "m.tif", index, colormap=colours))
    assert "60% of the map is one colour (0, 0, 0)" in raster.warnings[0]
    rgb, valid = raster.crop(LAT0, LON0, 40, 16)
    assert (rgb[valid > 0] == 200).all()
    assert not valid[:, 10:].any()
    black, valid = raster.crop(*geo_from_enu(-37.5, -0.25, LAT0, LON0), 0.4, 2)
    assert black.max() == 0  # the same colour under another index is data
    assert valid.min() > 0.99


def test_untagged_fill_is_found_unless_nodata_is_given(tmp_path):
    path = write(tmp_path / "m.tif", grey_half())
    found = GeoTiff(path)
    half_crop(found)
    assert "50%" in found.warnings[0]
    kept = GeoTiff(path, nodata=3)
    assert kept.warnings == ()
    assert kept.crop(LAT0, LON0, 40, 16)[1].min() > 0.99
    half_crop(GeoTiff(path, nodata=0))


def test_nodata_given_replaces_that_of_the_file(tmp_path):
    path = write(tmp_path / "m.tif", grey_half(), nodata=200)  # one of the two shades
    half_crop(GeoTiff(path, nodata=0))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_deep_pixels_are_stretched(tmp_path, dtype):
    deep = np.linspace(1000, 3000, 200).astype(dtype)
    deep = np.broadcast_to(deep[None, :, None], (200, 200, 3)).copy()
    deep[0, 0] = 30_000  # an outlier must not darken the map
    raster = GeoTiff(write(tmp_path / "m.tif", deep))
    rgb, _ = raster.crop(LAT0, LON0, 96, 48)
    assert rgb[10, 0, 0] < 8
    assert rgb[10, -1, 0] > 247
    assert rgb[10, 24, 0] == pytest.approx(130, abs=3)


def test_not_a_number_is_no_data(tmp_path):
    pixels = grey_half().astype(np.float32)
    pixels[:, 50:100] = 100
    pixels[:, 100:] = np.nan
    raster = GeoTiff(write(tmp_path / "m.tif", pixels))
    valid = raster.crop(LAT0, LON0, 40, 16)[1]
    assert valid[:, :6].min() > 0.99
    assert not valid[:, 10:].any()


def test_licence_and_attribution_come_from_the_tags(tmp_path):
    tags = {"LICENCE": "CC BY 4.0", "TIFFTAG_COPYRIGHT": "somebody"}
    raster = satmap.open_map(write(tmp_path / "m.tif", grey_half(), nodata=0, tags=tags))
    assert (raster.licence, raster.attribution) == ("CC BY 4.0", "somebody")


def test_few_files_stay_open(tmp_path):
    from edgegeo.maps import rasterfile

    paths = [write(tmp_path / f"{i}.tif", grey_half(i + 1), nodata=0) for i in range(20)]
    rasters = satmap.open_maps([tmp_path])
    assert [r.name for r in rasters] == sorted(p.name for p in paths)
    for raster in rasters:
        raster.crop(LAT0, LON0, 40, 16)
    assert len(rasterfile._HANDLES._open) <= rasterfile.OPEN_FILES
    rasters[0].close()
    rasters[0].close()
    assert rasters[0].crop(LAT0, LON0, 40, 16)[1].any()  # opens itself again


def test_a_file_written_anew_is_opened_anew(tmp_path):
    path = write(tmp_path / "m.tif", grey_all(10), nodata=0)
    assert GeoTiff(path).crop(LAT0, LON0, 40, 16)[0].max() < 20
    write(tmp_path / "new.tif", grey_all(200), nodata=0, compress="deflate").replace(path)
    assert GeoTiff(path).crop(LAT0, LON0, 40, 16)[0].min() > 190


def test_crops_from_many_threads_are_those_of_one(tmp_path):
    crs, affine = PLACES["turned"]
    files = [write(tmp_path / f"{i}.tif", ramp(crs, affine), crs, affine) for i in range(3)]
    rasters = [GeoTiff(path) for path in files]
    steps = [(rasters[i % 3], LAT0 + i * 1e-6) for i in range(60)]

    def crop(step):
        return step[0].crop(step[1], LON0, 40.0, 32)[0]

    alone = [crop(step) for step in steps]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(crop, steps))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
