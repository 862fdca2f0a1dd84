"""`edgegeo fly` as a process of its own, over a place that is always the same.

Real: the command, the shipped networks, the engine, the line. Doubles: the camera (pictures
rendered from the map with noise, played by the command as a folder) and the autopilot.
"""

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as m

from edgegeo import geodesy
from edgegeo.attitude import product, quaternion
from edgegeo.building.build import build
from edgegeo.camera import camera_from_fov
from edgegeo.demo import flight as demo
from edgegeo.demo.landscape import landscape
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.rectify import camera_offset_m
from edgegeo.simulation.camera import Shot, render
from tests.autopilot.listening import until
from tests.autopilot.peer import Peer

COMMAND = "import sys; from edgegeo.cli import main; sys.exit(main())"
SIZE, FOV_DEG, HEIGHT_M = (320, 240), 60.0, 140.0
HEADING_DEG, ROLL_DEG, PITCH_DEG = 40.0, 6.0, -4.0
VEHICLE_DEG = (-8.0, 5.0, 155.0)  # roll, pitch, yaw of a vehicle whose camera hangs in a gimbal
LAT, LON = 47.2502, 8.4998  # of the camera
GROUND_M = 450.0  # above mean sea level
PICTURES, FRAMES, FRAMES_HZ = 8, 400, 5


@dataclass(frozen=True)
class Place:
    """A folder with the engine `hover.edgegeo` and the pictures `frames`."""

    folder: Path

    @property
    def frames(self) -> Path:
        return self.folder / "frames"

    def flags(self, *more, source=None, lens=("--fov-deg", FOV_DEG)) -> list[str]:
        engine = self.folder / "hover.edgegeo"
        pace = ("--images-per-s", FRAMES_HZ, "--rate-hz", 10, "--threads", 1)
        return ["fly", *map(str, (engine, "--source", source or self.frames, *lens, *pace, *more))]


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hover")
    ground = landscape(demo.FIRST_SEED, 500, demo.GSD_M, style=demo.STYLE)
    made = ArrayRaster(ground, None, demo.LAT_DEG, demo.LON_DEG, demo.GSD_M, name="hover")
    build([made], folder / "hover.edgegeo", footprint_m=demo.FOOTPRINT_M, progress=False)
    # The centre of the picture lies where the tilted camera looks.
    east, north = camera_offset_m(HEIGHT_M, HEADING_DEG, ROLL_DEG, PITCH_DEG)
    lat, lon = map(float, geodesy.geo_from_enu(-east, -north, LAT, LON))
    cosine = np.cos(np.radians(ROLL_DEG)) * np.cos(np.radians(PITCH_DEG))
    shot = Shot(
        lat_deg=lat,
        lon_deg=lon,
        heading_deg=HEADING_DEG,
        gsd_m=HEIGHT_M / cosine / camera_from_fov(*SIZE, FOV_DEG).fx_px,
        size=SIZE,
        roll_deg=ROLL_DEG,
        pitch_deg=PITCH_DEG,
        fov_deg=FOV_DEG,
    )
    place = Place(folder)
    place.frames.mkdir()
    for k in range(PICTURES):
        cv2.imwrite(str(folder / f"{k}.png"), render(made, shot, np.random.default_rng(k)))
    for k in range(FRAMES):
        (place.frames / f"{k:03d}.png").symlink_to(folder / f"{k % PICTURES}.png")
    return place


@pytest.fixture
def hovering(port):
    """Make doubles of autopilots that talk to the command at `port`; all are closed at the end."""
    made = []

    def make(**options):
        made.append(Hoverer(**{"port": port, **options}))
        return made[-1]

    yield make
    for hoverer in made:
        hoverer.close()


class Flying:
    """A command that runs; `said` is all that it wrote to its terminal so far."""

    def __init__(self, flags, **options):
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *flags], stderr=subprocess.PIPE, text=True, **options
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.said += line

    def until(self, holds, *, every=lambda: None):
        """Wait until `holds()`; a command that ends before that is shown."""

        def check():
            every()
            assert self.process.poll() is None, self.said

        until(holds, every=check, patience_s=60.0)

    def until_said(self, words, *, every=lambda: None):
        try:
            self.until(lambda: words in self.said, every=every)
        except AssertionError as error:
            raise AssertionError(f"{words!r} was not said, but: {self.said}") from error

    def fly_on(self, seconds, *, every=lambda: None):
        end_s = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end_s, every=every)

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(timeout=20)
        self._reader.join(timeout=20)
        return code


@contextmanager
def flying(flags, **options):
    """Run the command; whatever happens, it is ended."""
    flight = Flying(flags, **options)
    try:
        yield flight
    finally:
        flight.process.kill()
        flight.process.wait()
        flight.process.stderr.close()


class Hoverer(Peer):
    """A double of an autopilot that hangs in the air: call `life` again and again."""

    def __init__(self, port, *, autopilot=m.MAV_AUTOPILOT_ARDUPILOTMEGA, **options):
        super().__init__(port, **options)
        self.autopilot = autopilot
        self.without: set[str] = set()  # kinds of messages that it does not send
        self.gimbal: int | None = None  # flags; the vehicle then hangs as in VEHICLE_DEG
        self.terrain_m: float | None = None
        self._due_s = 0.0

    def life(self):
        """Say all that an autopilot says, at 50 Hz, and take what has come."""
        self.pump()
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + 0.02
        boot_ms = (time.monotonic_ns() + self.offset_ns) // 1_000_000 % 2**32
        angles = np.radians(
            (ROLL_DEG, PITCH_DEG, HEADING_DEG) if self.gimbal is None else VEHICLE_DEG
        )
        slant_m = HEIGHT_M / np.cos(angles[0]) / np.cos(angles[1])
        above_mm, at_e7 = round(1000 * HEIGHT_M), (round(1e7 * LAT), round(1e7 * LON))
        sea_mm = round(1000 * (GROUND_M + HEIGHT_M))
        said = {
            "ATTITUDE": m.MAVLink_attitude_message(boot_ms, *map(float, angles), 0, 0, 0),
            "DISTANCE_SENSOR": m.MAVLink_distance_sensor_message(
                boot_ms, 20, 60_000, round(100 * slant_m), 0, 0, 25, 0
            ),
            "GLOBAL_POSITION_INT": m.MAVLink_global_position_int_message(
                boot_ms, 0, 0, sea_mm, above_mm, 0, 0, 0, 0
            ),
            "GPS_GLOBAL_ORIGIN": m.MAVLink_gps_global_origin_message(
                at_e7[0] - 9000, at_e7[1] - 9000, round(1000 * GROUND_M)
            ),
        }
        if self.gimbal is not None:
            said["GIMBAL"] = m.MAVLink_gimbal_device_attitude_status_message(
                0, 0, boot_ms, self.gimbal, gimbal_attitude(self.gimbal), 0.0, 0.0, 0.0, 0
            )
        if self.terrain_m is not None:
            said["TERRAIN_REPORT"] = m.MAVLink_terrain_report_message(
                *at_e7, 100, GROUND_M, self.terrain_m, 0, 9
            )
        self.heartbeat(self.autopilot)
        for kind, message in said.items():
            if kind not in self.without:
                self.send(message)

    def answer(self, command, result):
        self.send(m.MAVLink_command_ack_message(command, result))

    def heard(self, kind) -> list:
        return [message for message in self.got if message.get_type() == kind]


def gimbal_attitude(flags: int) -> list[float]:
    """The gimbal that gives the camera its attitude: forward along its x is the camera's down."""
    camera = quaternion(*np.radians((ROLL_DEG, PITCH_DEG, HEADING_DEG)))
    ned_from_gimbal = product(camera, quaternion(0.0, -np.pi / 2, 0.0))
    if flags & m.GIMBAL_DEVICE_FLAGS_YAW_IN_EARTH_FRAME:
        return list(ned_from_gimbal)
    return list(product(quaternion(0.0, 0.0, -np.radians(VEHICLE_DEG[2])), ned_from_gimbal))


def off_m(lat_deg, lon_deg) -> float:
    """Distance of a position from where the camera hangs."""
    return float(geodesy.distance_m(lat_deg, lon_deg, LAT, LON))
