"""A small landscape made by code, mapped on date 0 and flown over on date 1, and its engine."""

from functools import cache
from pathlib import Path

from edgegeo.building.build import build
from edgegeo.demo.landscape import landscape
from edgegeo.maps.arraymap import ArrayRaster

LAT, LON, GSD_M, SIDE_PX = 47.25, 8.5, 0.6, 640
FOOTPRINT_M = 120.0


@cache
def suburb(date: int) -> ArrayRaster:
    """Return a raster of 384 m x 384 m."""
    rgb = landscape(1_000_000, SIDE_PX, GSD_M, date=date, style="suburb")
    return ArrayRaster(rgb, None, LAT, LON, GSD_M, name="landscape", licence="CC0")


def suburb_engine(folder: Path) -> Path:
    """Build `folder`/suburb.edgegeo with the shipped model; returns its path."""
    engine = folder / "suburb.edgegeo"
    build([suburb(0)], engine, footprint_m=FOOTPRINT_M, progress=False)
    return engine
