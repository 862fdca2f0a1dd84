"""A flight logged with its frames, and flown again from the log: the same fixes, or a clear no."""

import math
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("mcap")
pytest.importorskip("pymavlink")

from edgegeo.attitude import quaternion
from edgegeo.autopilot.gate import Gate
from edgegeo.autopilot.told import Sample, Told
from edgegeo.camera import camera_from_fov
from edgegeo.cli import main, parser
from edgegeo.fly.believed import Believed
from edgegeo.fly.flight import Flight
from edgegeo.fly.logged import LoggedFlight
from edgegeo.fly.looking import Looking
from edgegeo.fly.played import played
from edgegeo.fly.tape import Tape
from edgegeo.fly.telling import Telling
from edgegeo.fly.vehicle import Speaking
from edgegeo.geodesy import distance_m, geo_from_enu
from edgegeo.localizer import Localizer
from edgegeo.logs import FlightLog, read_log
from edgegeo.simulation.camera import Shot, render
from edgegeo.sources import Frame, PushedFrames
from edgegeo.track import Tracker
from tests.suburb import FOOTPRINT_M, LAT, LON, suburb, suburb_engine

SIZE, FOV_DEG = (320, 240), 60.0
GSD_M = FOOTPRINT_M / SIZE[1]
HEIGHT_M = GSD_M * SIZE[0] / 2 / math.tan(math.radians(FOV_DEG) / 2)
START_US, EPOCH_US, SECONDS = 7_000_000, 1_790_000_000_000_000, 3
FRAME_US, LATE_US, STEP_US = 240_000, 90_000, 20_000
EAST_M_S, HEADING_DEG = 6.0, 35.0


@dataclass
class Moment:
    lat_deg: float
    lon_deg: float
    heading_deg: float

    def __init__(self, time_us):
        time_s = 1e-6 * (time_us - START_US)
        lat, lon = geo_from_enu(EAST_M_S * (time_s - 1.5), 4.0, LAT, LON)
        self.lat_deg, self.lon_deg = float(lat), float(lon)
        self.heading_deg = HEADING_DEG + 4 * math.sin(2 * time_s)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return suburb_engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def flown(engine, tmp_path_factory):
    """Fly by a clock set by hand, everything real but the camera and the vehicle; log it whole.

    The vehicle turns, so that an attitude of another moment would be another heading; a frame comes
    90 ms after its exposure.
    """
    path = tmp_path_factory.mktemp("flown") / "flight.mcap"
    localizer, told, now = Localizer(engine, threads=2), Told(), [START_US]
    camera = camera_from_fov(*SIZE, FOV_DEG)
    with FlightLog(path, EPOCH_US) as log:
        vehicle = Speaking(told)
        looking = Looking(camera, vehicle, localizer.tile_m)
        believed = Believed(Tracker(), vehicle.velocity)
        flight = Flight(
            PushedFrames(),
            localizer,
            vehicle,
            looking,
            believed,
            Telling(believed, vehicle, Gate(), None, log, None),
            log=log,
            tape=Tape(log, vehicle, looking, lambda: now[0]),
            clock=lambda: now[0],
        )
        flight.use(frame_at(START_US - LATE_US))  # nothing is told yet
        for now_us in range(START_US, START_US + SECONDS * 1_000_000, STEP_US):
            now[0] = now_us
            heading = math.radians(Moment(now_us - STEP_US).heading_deg)
            told.put("attitude", now_us - STEP_US, *quaternion(0.0, 0.0, heading))
            if now_us % 100_000 == 0:
                told.put("rangefinder", now_us, HEIGHT_M)
                told.put("velocity", now_us, 0.0, EAST_M_S)
                flight.telling.tick(now_us)
                log.add_truth(now_us, Moment(now_us).lat_deg, Moment(now_us).lon_deg)
            if (now_us - START_US) % FRAME_US == FRAME_US - STEP_US:
                flight.use(frame_at(now_us - LATE_US))
    return path


def frame_at(time_us):
    m = Moment(time_us)
    shot = Shot(
        lat_deg=m.lat_deg, lon_deg=m.lon_deg, heading_deg=m.heading_deg, gsd_m=GSD_M, size=SIZE
    )
    image = render(suburb(1), shot, np.random.default_rng(time_us))
    return Frame(time_us // FRAME_US, time_us, image, "monotonic")


def of_topic(path, topic):
    return [record for record in read_log(path) if record.topic == topic]


def fixes(path):
    """Each frame's fix, by the time of its exposure."""
    return {record.time_us: record.value for record in of_topic(path, "/fix/full")}


def apart_m(one, other):
    return float(distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg))


def test_a_replay_as_fast_as_possible_gives_the_fixes_of_the_flight(
    engine, flown, tmp_path, capsys
):
    again = tmp_path / "again.mcap"
    assert main(["fly", str(engine), "--replay", str(flown), "--fast", "--log", str(again)]) == 0
    assert "frames 12 of 12, 1 skipped" in capsys.readouterr().err
    before, after = fixes(flown), fixes(again)
    assert len(before) == 12
    assert [name for name, _ in after.values()] == [name for name, _ in before.values()]
    assert list(after) == list(before)
    assert [fix.reject for _, fix in after.values()] == [fix.reject for _, fix in before.values()]
    assert sum(fix.accepted for _, fix in after.values()) > 5
    off_m = [apart_m(after[time_us][1], fix) for time_us, (_, fix) in before.items()]
    assert np.median(off_m) < 0.05
    assert max(off_m) < 1.0  # frames are kept as JPEG
    assert read_log(again).epoch_us == EPOCH_US
    assert of_topic(again, "/truth") == of_topic(flown, "/truth")
    ends = [of_topic(path, "/estimate/full")[-1].value for path in (flown, again)]
    assert ends[0].state is ends[1].state
    assert apart_m(*ends) < 1.0


def test_a_replay_in_real_time_sees_the_same_places(engine, flown, tmp_path):
    again = tmp_path / "again.mcap"
    assert main(["fly", str(engine), "--replay", str(flown), "--log", str(again)]) == 0
    shift_us = of_topic(again, "/truth")[0].time_us - of_topic(flown, "/truth")[0].time_us
    before, after = fixes(flown), fixes(again)
    assert after  # a slow computer leaves some out
    for time_us, (_, fix) in after.items():
        assert apart_m(fix, before[time_us - shift_us][1]) < 1.0


@pytest.mark.parametrize("lens", [[], ["--fov-deg", str(FOV_DEG)]])
def test_other_settings_are_flown_with(engine, flown, tmp_path, lens):
    again = tmp_path / "again.mcap"
    command = ["fly", str(engine), "--replay", str(flown), "--fast", "--log", str(again)]
    assert main([*command, *lens, "--mount-yaw-deg", "90"]) == 0
    assert sum(fix.accepted for _, fix in fixes(again).values()) == 0  # it looks the wrong way


def test_what_was_told_and_seen_comes_back_in_its_order(flown):
    logged = LoggedFlight(flown)
    events = list(logged.events())
    moments = [moment_us for moment_us, _ in events]
    assert moments == sorted(moments)
    assert logged.start_us == START_US == moments[0]
    assert logged.camera == camera_from_fov(*SIZE, FOV_DEG)
    frames = [(moment_us, what) for moment_us, what in events if isinstance(what, Frame)]
    assert {moment_us - frame.time_us for moment_us, frame in frames} == {LATE_US}
    image = frame_at(frames[0][1].time_us).image
    assert frames[0][1].image.shape == image.shape
    assert (
        np.abs(frames[0][1].image.astype(int) - image).mean() < 6
    )  # sensor noise is what a JPEG spares
    assert {what.kind for _, what in events if not isinstance(what, Frame)} == {
        *("attitude", "rangefinder", "velocity")
    }


def test_a_camera_in_a_gimbal_hangs_in_one_again(tmp_path):
    path, gimbal = tmp_path / "gimbal.mcap", quaternion(0.0, math.radians(-80), math.radians(30))
    with FlightLog(path, EPOCH_US) as log:
        log.add_camera(START_US, camera_from_fov(*SIZE, FOV_DEG), True)
        log.add_sample(START_US, Sample("attitude", START_US, quaternion(0.0, 0.0, 0.0)))
        log.add_sample(START_US, Sample("gimbal", START_US, (*gimbal, 0)))
        log.add_whole_frame(0, START_US, frame_at(START_US).image, START_US)
    with ExitStack() as stack:
        args = parser().parse_args(["fly", "e", "--replay", str(path), "--fast"])
        replay = played(args, stack)
        for _, what in replay.events:
            if isinstance(what, Sample):
                replay.hear(what)
        pose = replay.vehicle.pose(replay.camera, START_US)
    assert (pose.heading_deg, pose.pitch_deg) == pytest.approx((30, 10), abs=1e-6)


def test_a_log_that_ends_early_is_played_up_to_there(engine, flown, tmp_path):
    killed, again = tmp_path / "flight.mcap.partial", tmp_path / "again.mcap"
    data = flown.read_bytes()
    killed.write_bytes(data[: 2 * len(data) // 3])
    assert main(["fly", str(engine), "--replay", str(killed), "--fast", "--log", str(again)]) == 0
    assert 0 < len(fixes(again)) < len(fixes(flown))


def test_a_log_without_frames_and_a_damaged_one_are_refused(engine, flown, tmp_path, capsys):
    bare, damaged = tmp_path / "bare.mcap", tmp_path / "damaged.mcap"
    with FlightLog(bare) as log:
        log.add_note(0, "nothing seen")
    data = bytearray(flown.read_bytes())
    data[len(data) // 2] ^= 255
    damaged.write_bytes(data)
    for path, says in (
        (bare, "holds no whole frames: only a log of --log-frames is replayed"),
        (damaged, "is damaged"),
        (tmp_path / "none.mcap", "cannot read"),
    ):
        for pace in ([], ["--fast"]):
            assert main(["fly", str(engine), "--replay", str(path), *pace]) == 2
            assert says in capsys.readouterr().err
