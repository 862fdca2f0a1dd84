"""How much of a map's tile a frame's footprint covers, as Game4Loc's conversion has it."""

import math

import numpy as np
from numpy.typing import NDArray

from edgegeo.geodesy import geo_from_enu

Polygon = NDArray[np.float64]  # (n, 2) x, y of a convex polygon's corners, in order


def footprint(
    lat_deg: float,
    lon_deg: float,
    heading_deg: float,
    height_m: float,
    across_deg: float,
    along_deg: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (lat (4,), lon (4,)) of the corners of what a camera looking straight down sees.

    `across_deg` is the field of view across the heading, `along_deg` along it; the ground is
    flat, `height_m` below. The corners are front left, front right, back right, back left.

    >>> lat, lon = footprint(0.0, 0.0, 0.0, 100.0, 90.0, 60.0)
    >>> bool(lat[0] > 0 > lat[3]), bool(lon[0] < 0 < lon[1])
    (True, True)
    """
    half_across_m = height_m * math.tan(math.radians(across_deg) / 2)
    half_along_m = height_m * math.tan(math.radians(along_deg) / 2)
    right = np.array([-1, 1, 1, -1]) * half_across_m
    ahead = np.array([1, 1, -1, -1]) * half_along_m
    cos, sin = math.cos(math.radians(heading_deg)), math.sin(math.radians(heading_deg))
    return geo_from_enu(right * cos + ahead * sin, ahead * cos - right * sin, lat_deg, lon_deg)


def iou(polygon: Polygon, box: tuple[float, float, float, float]) -> float:
    """Return the intersection over union of a convex polygon and a box (x0, y0, x1, y1).

    >>> square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], np.float64)
    >>> iou(square, (1, 0, 3, 2))  # 2 of 6
    0.3333333333333333
    """
    common = area(clip(polygon, box))
    union = area(polygon) + (box[2] - box[0]) * (box[3] - box[1]) - common
    return common / union


def clip(polygon: Polygon, box: tuple[float, float, float, float]) -> Polygon:
    """Return the part of a polygon inside a box: Sutherland and Hodgman, one side a time."""
    for axis, limit, keep in ((0, box[0], 1), (1, box[1], 1), (0, box[2], -1), (1, box[3], -1)):
        inside = keep * (polygon[:, axis] - limit)
        kept: list[NDArray[np.float64]] = []
        for i in range(len(polygon)):
            before, here = inside[i - 1], inside[i]
            if (before < 0) != (here < 0):
                share = before / (before - here)
                kept.append(polygon[i - 1] + share * (polygon[i] - polygon[i - 1]))
            if here >= 0:
                kept.append(polygon[i])
        if not kept:
            return np.zeros((0, 2))
        polygon = np.array(kept)
    return polygon


def area(polygon: Polygon) -> float:
    """Return a polygon's area: the shoelace formula."""
    x, y = polygon.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)
