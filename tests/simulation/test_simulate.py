"""Simulated flights: where the shots lie, their truth, their files, determinism."""

import csv
import math

import numpy as np
import pytest

from edgegeo.demo.landscape import landscape
from edgegeo.errors import MapError, RangeError
from edgegeo.geodesy import enu_from_geo
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.simulation.camera import view
from edgegeo.simulation.simulate import draw_shot, simulate

LAT, LON = 47.0, 8.0


def scene_map(seed=3, size=300, gsd_m=0.5, valid=None):
    return ArrayRaster(landscape(seed, size, gsd_m), valid, LAT, LON, gsd_m)


def test_footprints_stay_on_valid_pixels():
    valid = np.ones((300, 300), bool)
    valid[:, :100] = False
    raster = scene_map(valid=valid)
    for k in range(20):
        rng = np.random.default_rng(k)
        shot = draw_shot(raster, rng, footprint_m=30, size=(64, 48), tilt_deg=15)
        east, _ = enu_from_geo(shot.lat_deg, shot.lon_deg, LAT, LON)
        assert shot.footprint_m()[:, 0].min() + east > -25.3
        assert view(raster, shot)[1].all()
        assert math.hypot(shot.roll_deg, shot.pitch_deg) <= 15


def test_centres_are_uniform_over_what_fits():
    raster = scene_map()
    shots = [
        draw_shot(
            raster, np.random.default_rng(k), footprint_m=50, size=(48, 48), tilt_deg=0, heading=0
        )
        for k in range(300)
    ]
    at = np.array([enu_from_geo(s.lat_deg, s.lon_deg, LAT, LON) for s in shots])
    assert np.abs(at).max() <= 50.1  # 150 m wide, 50 m footprint
    assert np.abs(at.mean(axis=0)).max() < 5  # 3 standard errors of a uniform +-50
    assert np.abs(at.std(axis=0) - 50 / math.sqrt(3)).max() < 3


def test_a_map_smaller_than_the_footprint_is_refused():
    with pytest.raises(MapError, match="smaller footprint_m"):
        draw_shot(scene_map(size=80), np.random.default_rng(0), footprint_m=60)


def test_simulate_writes_frames_and_their_truth(tmp_path):
    maps = [scene_map(seed) for seed in (3, 4)]

    truth = simulate(
        maps, tmp_path / "a", count_per_map=2, size=(160, 120), heading=30.0, tilt_deg=0
    )

    rows = list(csv.DictReader(truth.read_text().splitlines()))
    assert len(rows) == 4
    assert len({row["file"] for row in rows}) == 4
    for row in rows:
        assert (tmp_path / "a" / row["file"]).stat().st_size > 1000
        assert float(row["heading_deg"]) == pytest.approx(30, abs=1e-3)
        assert float(row["gsd_m_per_px"]) == pytest.approx(0.5)
        assert row["map"] == "array"


def test_heading_and_scale_of_the_truth_are_those_in_the_picture(tmp_path):
    truth = simulate([scene_map()], tmp_path, count_per_map=3, size=(160, 120), tilt_deg=15)
    for row in csv.DictReader(truth.read_text().splitlines()):
        tilt = math.hypot(float(row["roll_deg"]), float(row["pitch_deg"]))
        shrunk = float(row["gsd_m_per_px"]) / 0.5
        assert 1 <= shrunk < 1.01 / math.sqrt(math.cos(math.radians(tilt)))
        assert 0 <= float(row["heading_deg"]) < 360


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    settings = {"count_per_map": 1, "size": (160, 120)}
    files = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        simulate([scene_map()], tmp_path / name, seed=seed, **settings)
        files.append(sorted(p.read_bytes() for p in (tmp_path / name).iterdir()))
    assert files[0] == files[1]
    assert files[0] != files[2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"count_per_map": 0},
        {"footprint_m": float("nan")},
        {"size": (8, 480)},
        {"tilt_deg": 60},
        {"heading": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused(tmp_path, wrong):
    with pytest.raises(RangeError):
        simulate([scene_map()], tmp_path, **wrong)


def test_no_map_is_an_error(tmp_path):
    with pytest.raises(MapError):
        simulate([], tmp_path)
