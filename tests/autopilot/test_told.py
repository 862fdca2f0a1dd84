"""What a vehicle tells, whoever carries it: taken, refused, handed on."""

import math

import pytest

from edgegeo.attitude import quaternion
from edgegeo.autopilot.told import Sample, Told
from edgegeo.camera import camera_from_fov
from edgegeo.errors import RangeError
from edgegeo.height import HeightSource

CAMERA = camera_from_fov(640, 480, 60.0)
LEVEL = quaternion(0.0, 0.0, math.radians(40))
SAMPLES = [
    Sample("attitude", 1000, LEVEL),
    Sample("gimbal", 1000, (*quaternion(0.0, -math.pi / 2, 0.0), 1)),
    Sample("rangefinder", 1000, (80.0,)),
    Sample("terrain", 1000, (90.0,)),
    Sample("relative", 1000, (120.0,)),
    Sample("velocity", 1000, (3.0, -4.0)),
    Sample("altitude", 1000, (500.0,)),
]


def test_each_kind_is_taken_and_handed_on():
    told, heard = Told(), []
    told.heard = heard.append
    for kind, time_us, values in SAMPLES:
        told.put(kind, time_us, *values)
    assert heard == SAMPLES
    assert told.camera_pose(CAMERA, 1000).heading_deg == pytest.approx(40)
    assert told.camera_pose(CAMERA, 1000, on_gimbal=True).pitch_deg == pytest.approx(0, abs=1e-9)
    assert told.heights.at(1000).source is HeightSource.RANGEFINDER
    assert (told.velocity.north_m_s, told.velocity.east_m_s) == (3.0, -4.0)
    assert told.altitude_m == 500.0
    told.put("altitude", 2000)
    assert told.altitude_m is None


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("attitude", (0.0, 0.0, 0.0, 0.0)),
        ("attitude", (1.0, 0.0, 0.0)),
        ("velocity", (math.nan, 0.0)),
        ("terrain", (math.inf,)),
        ("weather", (1.0,)),
    ],
)
def test_what_cannot_be_is_refused_and_not_handed_on(kind, values):
    told, heard = Told(), []
    told.heard = heard.append
    with pytest.raises(RangeError):
        told.put(kind, 1000, *values)
    assert heard == []


def test_a_range_is_aslant_where_the_vehicle_tilts_and_nothing_where_it_lies_on_its_side():
    told = Told()
    told.put("attitude", 1000, *quaternion(math.radians(60.1), 0.0, 0.0))
    told.put_slant(1000, 100.0)
    assert told.heights.at(1000) is None
    told.put("attitude", 2000, *quaternion(math.radians(30), 0.0, 0.0))
    told.put_slant(2000, 100.0)
    assert told.heights.at(2000).height_m == pytest.approx(86.6, abs=0.01)
