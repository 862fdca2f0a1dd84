"""Metres and degrees, against values of WGS84 published elsewhere."""

import numpy as np
import pytest

from edgegeo import geodesy


@pytest.mark.parametrize(
    ("lat_deg", "north_m", "east_m"),
    # One degree of latitude and longitude on WGS84: National Geospatial-Intelligence Agency's
    # length-of-a-degree figures.
    [(0.0, 110574.3, 111319.5), (45.0, 111131.8, 78846.8), (60.0, 111412.2, 55800.0)],
)
def test_metres_per_degree(lat_deg, north_m, east_m):
    north, east = geodesy.metres_per_degree(lat_deg)
    assert north == pytest.approx(north_m, abs=0.2)
    assert east == pytest.approx(east_m, abs=0.2)


def test_there_and_back_is_the_same_point():
    east, north = np.array([-8000.0, 0.0, 12.5]), np.array([3.0, -9000.0, 15000.0])
    lat, lon = geodesy.geo_from_enu(east, north, 59.4, 24.7)
    back = geodesy.enu_from_geo(lat, lon, 59.4, 24.7)
    np.testing.assert_allclose(back, (east, north), atol=1e-3)


def test_across_the_antimeridian():
    assert geodesy.distance_m(10.0, 179.9999, 10.0, -179.9999) == pytest.approx(21.93, abs=0.02)
    _, lon = geodesy.geo_from_enu(100.0, 0.0, 10.0, 179.9999)
    assert -180 <= lon < -179.99


def test_a_metre_survives_far_from_zero():
    lat, lon = geodesy.geo_from_enu(0.01, 0.01, 33.64, 179.5)
    east, north = geodesy.enu_from_geo(lat, lon, 33.64, 179.5)
    assert (float(east), float(north)) == pytest.approx((0.01, 0.01), abs=1e-6)
