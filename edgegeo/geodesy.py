"""The only Earth constants. Everything geographic is float64, latitude before longitude."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

WGS84_A_M = 6378137.0  # semi-major axis
WGS84_F = 1 / 298.257223563  # flattening
WGS84_E2 = WGS84_F * (2 - WGS84_F)

Geo = NDArray[np.float64]


def metres_per_degree(lat_deg: Any) -> tuple[Geo, Geo]:
    """Return (metres per degree of latitude, of longitude) on WGS84 at `lat_deg`.

    From the meridional and the prime vertical radius of curvature.

    >>> north, east = metres_per_degree(0.0)
    >>> round(float(north), 1), round(float(east), 1)
    (110574.3, 111319.5)
    """
    lat = np.radians(np.asarray(lat_deg, np.float64))
    w2 = 1 - WGS84_E2 * np.sin(lat) ** 2
    meridional_m = WGS84_A_M * (1 - WGS84_E2) / w2**1.5
    prime_vertical_m = WGS84_A_M / np.sqrt(w2)
    return np.radians(meridional_m), np.radians(prime_vertical_m * np.cos(lat))


def enu_from_geo(lat_deg: Any, lon_deg: Any, lat0_deg: Any, lon0_deg: Any) -> tuple[Geo, Geo]:
    """Return (east_m, north_m) of points as seen from an origin, on the plane tangent there.

    The scale is taken at the mean latitude. Within 20 km of the origin and below 80 degrees
    of latitude the error is under one part in 10,000. Longitudes may wrap at 180 degrees.
    """
    lat, lon = np.asarray(lat_deg, np.float64), np.asarray(lon_deg, np.float64)
    lat0, lon0 = np.asarray(lat0_deg, np.float64), np.asarray(lon0_deg, np.float64)
    north_scale, east_scale = metres_per_degree((lat + lat0) / 2)
    turn = np.mod(lon - lon0 + 180.0, 360.0) - 180.0
    return turn * east_scale, (lat - lat0) * north_scale


def geo_from_enu(east_m: Any, north_m: Any, lat0_deg: Any, lon0_deg: Any) -> tuple[Geo, Geo]:
    """Return (lat_deg, lon_deg) of points given in metres from an origin: the inverse."""
    lat0, lon0 = np.asarray(lat0_deg, np.float64), np.asarray(lon0_deg, np.float64)
    north = np.asarray(north_m, np.float64)
    lat = lat0 + north / metres_per_degree(lat0)[0]
    lat = lat0 + north / metres_per_degree((lat + lat0) / 2)[0]
    east_scale = metres_per_degree((lat + lat0) / 2)[1]
    lon = lon0 + np.asarray(east_m, np.float64) / east_scale
    return lat, np.mod(lon + 180.0, 360.0) - 180.0


def distance_m(lat_a: Any, lon_a: Any, lat_b: Any, lon_b: Any) -> Geo:
    """Return the ground distance between points up to some 20 km apart."""
    east, north = enu_from_geo(lat_a, lon_a, lat_b, lon_b)
    return np.hypot(east, north)
