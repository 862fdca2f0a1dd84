"""Attitude and height in, a frame's fix back to the camera, a position out: over loopback UDP."""

import math
import time

import pytest

pytest.importorskip("pymavlink")

from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo import geodesy
from edgegeo.autopilot.gate import Gate, Silence
from edgegeo.autopilot.link import Link
from edgegeo.autopilot.output import OutputFix
from edgegeo.autopilot.px4 import global_position_sensor
from edgegeo.camera import camera_from_fov
from edgegeo.camera_sighting import sighting
from edgegeo.given import Given
from edgegeo.sighting import Estimate, State
from edgegeo.types import Candidate, Fix
from tests.autopilot.listening import port as port
from tests.autopilot.listening import until
from tests.autopilot.peer import Peer

LAT, LON = 59.4, 24.7
CAMERA = camera_from_fov(640, 480, 60.0, mount_yaw_deg=90.0)


def a_frame_of(lat, lon):
    """What `locate` would say of the ground point at the image's centre."""
    here = Candidate(
        tile=0, lat_deg=lat, lon_deg=lon, found_lat_deg=lat, found_lon_deg=lon,
        retrieval=0.9, score=5.0,
    )  # fmt: skip
    return Fix(
        time_us=0, lat_deg=lat, lon_deg=lon, cov_m2=(4.0, 0.0, 4.0), probability=0.97,
        candidates=(here,),
    )  # fmt: skip


def test_the_cameras_own_position_reaches_the_autopilot(port):
    """Nose to the north, up by 15 degrees at 120 m: the picture's centre lies 32 m ahead."""
    peer = Peer(port)

    def life():
        boot_ms = time.monotonic_ns() // 1_000_000
        peer.heartbeat()
        peer.send(m.MAVLink_attitude_message(boot_ms, 0.0, math.radians(15), 0.0, 0, 0, 0))
        slant_cm = round(12_000 / math.cos(math.radians(15)))
        peer.send(m.MAVLink_distance_sensor_message(boot_ms, 20, 50_000, slant_cm, 0, 0, 25, 0))
        peer.send(m.MAVLink_global_position_int_message(boot_ms, 0, 0, 171_000, 0, 0, 0, 0, 0))
        peer.pump()

    ahead_m = 120 * math.tan(math.radians(15))
    lat, lon = (float(v) for v in geodesy.geo_from_enu(0.0, ahead_m, LAT, LON))
    with Link(f"udpin:127.0.0.1:{port}", sensor_id=5) as link:
        until(lambda: link.inbox.heights.at(time.monotonic_ns() // 1000) is not None, every=life)
        life()
        taken_us = time.monotonic_ns() // 1000
        until(lambda: link.inbox.attitudes.at(taken_us) is not None, every=life)
        pose = link.inbox.camera_pose(CAMERA, taken_us)
        given = Given(**pose.view(CAMERA.fov_deg))
        assert given.heading_deg == pytest.approx(90, abs=0.01)  # up side of the image: east
        assert given.roll_deg == pytest.approx(15, abs=0.01)  # it looks to its left: north
        assert given.height_m == pytest.approx(120, abs=0.1)

        seen = sighting(a_frame_of(lat, lon), pose).hypotheses[0]
        estimate = Estimate(
            time_us=taken_us,
            state=State.TRACKING,
            lat_deg=seen.lat_deg,
            lon_deg=seen.lon_deg,
            cov_m2=seen.cov_m2,
            probability=seen.weight,
            sighted_us=pose.time_us,
        )
        gate, now_us = Gate(), taken_us + 40_000
        fix = gate.passes(estimate, now_us, alt_m=link.inbox.altitude_m)
        assert isinstance(fix, OutputFix)
        link.send(global_position_sensor(fix, now_us, sensor_id=5))
        assert gate.passes(estimate, now_us) is Silence.REPEATED
        until(lambda: "GLOBAL_POSITION_SENSOR" in peer.names(), every=peer.pump)
    peer.close()
    got = next(g for g in peer.got if g.get_type() == "GLOBAL_POSITION_SENSOR")
    off_m = geodesy.distance_m(got.lat / 1e7, got.lon / 1e7, LAT, LON)
    assert off_m < 0.5
    assert (got.get_srcSystem(), got.get_srcComponent(), got.id) == (1, 197, 5)
    assert (got.processing_time, got.source, got.alt) == (40_000, 2, 171.0)
    # Eastwards: the fix, 1 degree of tilt, and 5 degrees of heading at 32 m.
    tilt_m, heading_m = math.radians(1) * 124.2, math.radians(5) * ahead_m
    assert got.eph == pytest.approx(math.hypot(2.0, tilt_m, heading_m), abs=0.05)
