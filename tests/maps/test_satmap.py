"""Maps as a user has them: one file, many files, the real imagery and its traps."""

import csv
import time

import numpy as np
import pytest

pytest.importorskip("rasterio")
pytest.importorskip("pyproj")

from edgegeo.geodesy import geo_from_enu
from edgegeo.maps import satmap
from edgegeo.maps.geotiff import GeoTiff
from edgegeo.maps.tiling import tile_centres
from tests.geotiffs import LAT0, LON0, placed, ramp, write


def middle(raster):
    south, west, north, east = raster.bounds
    return (south + north) / 2, (west + east) / 2


def test_a_list_of_files_and_folders_keeps_its_order(tmp_path):
    crs = "EPSG:32632"
    (tmp_path / "more").mkdir()
    for name in ("z.tif", "more/b.tif", "more/a.TIF", "more/notes.txt"):
        write(tmp_path / name, ramp(crs, placed(crs, 0.5)), crs)
    (tmp_path / "more/notes.txt").write_text("no map")
    rasters = satmap.open_maps([tmp_path / "z.tif", str(tmp_path / "more")])
    assert [r.name for r in rasters] == ["z.tif", "a.TIF", "b.tif"]


def test_a_map_in_memory_is_a_raster_too():
    raster: satmap.Raster = satmap.ArrayRaster(np.ones((9, 9, 3), np.uint8), None, 0, 0, 1.0)
    assert raster.licence is None


def test_the_crop_of_a_point_is_the_same_from_two_coordinate_systems(tmp_path):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (25, 25, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    path = write(tmp_path / "utm.tif", coarse, "EPSG:32632")
    import rasterio
    from rasterio.warp import Resampling, reproject

    affine = placed("EPSG:4326", 0.5 / 111_000, 300)
    with rasterio.open(path) as source:
        turned = np.zeros((3, 300, 300), np.uint8)
        reproject(
            source.read(), turned, src_transform=source.transform, src_crs=source.crs,
            dst_transform=affine, dst_crs="EPSG:4326", resampling=Resampling.bilinear,
        )  # fmt: skip
    other = write(tmp_path / "deg.tif", np.moveaxis(turned, 0, -1), "EPSG:4326", affine)
    a, _ = satmap.open_map(path).crop(LAT0, LON0, 60.0, 30)
    b, _ = satmap.open_map(other).crop(LAT0, LON0, 60.0, 30)
    errors = {}
    for shift in (-1, 0, 1):
        moved = np.roll(b.astype(float), shift, axis=1)[2:-2, 2:-2]
        errors[shift] = np.abs(a[2:-2, 2:-2] - moved).mean()
    assert errors[0] < 12
    assert errors[0] < 0.6 * min(errors[-1], errors[1])


def test_the_palette_map_of_the_video(data_dir):
    raster = GeoTiff(data_dir / "nadir_video" / "map.tif")
    assert raster.gsd_m == pytest.approx(0.5, rel=1e-3)
    assert "35% of the map is one colour (0, 0, 0)" in raster.warnings[0]
    with (data_dir / "nadir_video" / "truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows[::20]:
        col = (float(row["east_m"]) - 313101.47628) / 0.5  # from the file's geotransform
        line = (3724912.30675 - float(row["north_m"])) / 0.5
        place = raster._placement.geo(col, line)
        assert place == pytest.approx((float(row["lat_deg"]), float(row["lon_deg"])), abs=2e-7)
        rgb, valid = raster.crop(float(row["lat_deg"]), float(row["lon_deg"]), 80.0, 64)
        assert valid.mean() > 0.5
        assert rgb[valid > 0].std() > 8  # a picture
        assert rgb.std(axis=2).mean() > 0.5  # in colour, not the palette's indices
    _, valid = raster.crop(*middle(raster), 1200.0, 128)
    assert valid.sum() / 128**2 * 1.2**2 == pytest.approx(0.52, abs=0.03)  # km2


@pytest.mark.parametrize("site", ["brighton", "caliterra", "seneca", "garfield"])
def test_the_orthomosaics_and_their_masks(data_dir, site):
    raster = satmap.open_map(data_dir / "drone_ortho" / site / "map.tif")
    assert raster.warnings == ()
    rgb, valid = raster.crop(*middle(raster), 600.0, 64)
    assert 0.01 < valid.mean() < 0.95
    assert rgb[valid > 0].mean() > 40  # no black from under the mask


def test_hundreds_of_small_maps_open_quickly(data_dir):
    oldest = {}
    for path in sorted((data_dir / "naip").glob("*/*.tif")):
        oldest.setdefault((path.parent.name, path.name[:3]), path)
    start = time.process_time()
    rasters = satmap.open_maps(oldest.values())
    assert time.process_time() - start < 5  # 2 s, most of it GDAL's own opening
    assert len(rasters) == 413
    assert all(r.warnings == () for r in rasters)  # bright roofs are not fill
    assert all(r.gsd_m == pytest.approx(0.6, rel=2e-3) for r in rasters)
    assert len(list(tile_centres(rasters[0], 96.0, 0.5))) == 9


def test_two_years_of_a_place_lie_on_each_other(data_dir):
    """Correlation of the two years peaks within some 2 px of no shift."""
    places = data_dir / "naip" / "claremont"
    early, late = (satmap.open_map(places / f"000_{year}.tif") for year in (2018, 2020))
    lat, lon = middle(early)
    reference = early.crop(lat, lon, 90.0, 150)[0].mean(axis=2)
    scores = {}
    for east in range(-6, 7, 2):
        for north in range(-6, 7, 2):
            at = (float(x) for x in geo_from_enu(east, north, lat, lon))
            other = late.crop(*at, 90.0, 150)[0].mean(axis=2)
            scores[east, north] = np.corrcoef(reference.ravel(), other.ravel())[0, 1]
    assert np.hypot(*max(scores, key=lambda k: scores[k])) < 3
