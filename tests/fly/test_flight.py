"""The loop with everything given: a clock set by hand, frames handed over, a vehicle's double."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("mcap")
pytest.importorskip("pymavlink")

from edgegeo import geodesy
from edgegeo.autopilot.gate import Gate, Silence
from edgegeo.camera import camera_from_fov
from edgegeo.fly.believed import Believed
from edgegeo.fly.flight import Flight
from edgegeo.fly.looking import Looking, Ready
from edgegeo.fly.status import status_line
from edgegeo.fly.telling import Telling
from edgegeo.logs import FlightLog
from edgegeo.sighting import State
from edgegeo.sources import Frame, PushedFrames
from edgegeo.track import Tracker
from tests.fly.truthful import Plain, Truthful, TruthfulVehicle

SCENE = Plain()
WIDTH, HEIGHT = SCENE.size
SECOND = 1_000_000


class Rig:
    """A flight of which every part can be reached."""

    def __init__(self, *, log=None, camera=None, **looking):
        self.now_us = 0
        self.vehicle, self.localizer = TruthfulVehicle(SCENE), Truthful(SCENE, 0.0)
        self.sent = []
        self.slept = []
        believed = Believed(Tracker(), self.vehicle.velocity)
        outlet = lambda fix, _now: self.sent.append(fix)  # noqa: E731
        self.telling = Telling(believed, self.vehicle, Gate(), outlet, log, None)
        self.looking = Looking(
            camera or camera_from_fov(WIDTH, HEIGHT, SCENE.fov_deg),
            self.vehicle,
            Truthful.tile_m,
            sleep=self.slept.append,
            **looking,
        )
        self.flight = Flight(
            PushedFrames(),
            self.localizer,
            self.vehicle,
            self.looking,
            believed,
            self.telling,
            log=log,
            clock=lambda: self.now_us,
        )

    def at(self, time_us):
        self.now_us = self.vehicle.now_us = time_us

    def fly(self, begin_s, end_s, *, frames=True):
        """Ten frames and outputs a second; frames are exposed 40 ms before they are used."""
        for k in range(round(10 * begin_s), round(10 * end_s)):
            self.at(k * SECOND // 10)
            if frames:
                time_us = self.now_us - 40_000
                self.flight.use(Frame(k, time_us, SCENE.frame(1e-6 * time_us), "monotonic"))
            self.telling.tick(self.now_us)

    def error_m(self):
        last, true = self.telling.last, SCENE.state(1e-6 * self.telling.last.time_us)
        return geodesy.distance_m(last.lat_deg, last.lon_deg, true.lat_deg, true.lon_deg)

    def use(self, exposure_us, size=(HEIGHT, WIDTH)):
        image = np.random.default_rng(exposure_us).integers(0, 255, (*size, 3), np.uint8)
        self.flight.use(Frame(0, exposure_us, image, "monotonic"))
        return dict(self.flight.tally.frames)


def test_a_flight_tracks_and_sends_the_cameras_own_position():
    rig = Rig()
    rig.fly(1, 4)
    assert rig.telling.last.state is State.TRACKING
    assert rig.error_m() < 3
    assert len(rig.sent) > 10
    assert {fix.alt_m for fix in rig.sent} == {500.0}
    view = rig.localizer.views[-1]
    assert view["heading_deg"] == pytest.approx(SCENE.state(3.86).heading_deg, abs=0.1)
    assert {"prior", "height_m", "fov_deg", "roll_deg", "pitch_deg"} <= set(view)
    everywhere = [v["prior"] is None for v in rig.localizer.views[15:]]
    assert 0 < sum(everywhere) < len(everywhere) / 2


def test_without_frames_it_reckons_and_then_is_silent():
    rig = Rig()
    rig.fly(1, 4)
    sent = len(rig.sent)
    rig.fly(4, 12, frames=False)
    assert rig.telling.last.state is not State.TRACKING
    assert sent < len(rig.sent) <= sent + 51  # five seconds, no more
    assert rig.telling.kept[Silence.UNSUPPORTED.name] + rig.telling.kept["NO_POSITION"] > 20
    rig.fly(12, 13)
    assert rig.telling.last.state is State.TRACKING


def test_velocity_from_the_pictures_where_the_autopilot_tells_none():
    told = []
    rig = Rig()
    rig.vehicle.moves = False
    rig.flight._motion.see = lambda _image, time_us, **known: told.append((time_us, known))
    rig.fly(1, 2)
    assert len(told) == 10
    assert set(told[0][1]) == {"gsd_m", "heading_deg", "nadir_px"}
    rig.vehicle.moves = True
    rig.fly(2, 3)
    assert len(told) == 10


def test_frames_of_the_wrong_time_are_counted_and_said():
    rig = Rig()
    rig.at(20 * SECOND)
    assert rig.use(10 * SECOND) == {"OLD": 1}
    assert rig.use(21 * SECOND) == {"OLD": 2}
    assert "exposure time is far" in rig.flight.problems()[-1]
    rig.use(19 * SECOND)
    assert rig.use(19 * SECOND)["BACK"] == 1  # the same again
    assert rig.use(18 * SECOND)["BACK"] == 2
    assert rig.use(19 * SECOND + 1)["accepted"] == 2
    rig.at(30 * SECOND)
    assert not [said for said in rig.flight.problems() if "exposure" in said]


def test_a_frame_of_another_size_than_calibrated_is_said_and_the_flight_goes_on():
    rig = Rig()
    assert rig.use(0, (2 * HEIGHT, 2 * WIDTH)) == {"FAILED": 1}
    assert f"frames must be {WIDTH} x {HEIGHT} pixels" in rig.flight.problems()[-1]
    assert rig.use(1)["accepted"] == 1
    scaled = Rig(scaled=True)
    assert scaled.use(0, (2 * HEIGHT, 2 * WIDTH)) == {"accepted": 1}


def test_whatever_the_localizer_raises_costs_one_frame():
    rig = Rig()
    rig.localizer.locate = lambda *_, **__: 1 / 0
    assert rig.use(0) == {"FAILED": 1}
    assert "division by zero" in rig.flight.problems()[-1]


def test_a_computer_too_slow_for_its_frames_is_told():
    rig = Rig()
    rig.fly(1, 3)
    quick = rig.localizer.locate

    def slow(*frame, **known):
        rig.at(rig.now_us + 3 * SECOND)
        rig.telling.tick(rig.now_us)
        return quick(*frame, **known)

    rig.localizer.locate = slow
    rig.use(rig.now_us)
    assert "too late to be of use" in rig.flight.problems()[-1]


def test_attitude_is_waited_for_and_then_the_frame_is_skipped():
    rig = Rig()
    rig.vehicle.tells = False
    assert rig.use(0) == {"NO_ATTITUDE": 1}
    assert sum(rig.slept) == pytest.approx(0.1)
    rig.vehicle.silent = True  # nothing will come: no waiting
    rig.use(1)
    assert sum(rig.slept) == pytest.approx(0.1)
    rig.vehicle.tells, rig.vehicle.height = True, None
    assert rig.use(2)["NO_HEIGHT"] == 1


def test_heights_that_contradict_each_other_are_said():
    rig = Rig()
    rig.vehicle.contradiction = "rangefinder says 90.0 m, terrain 130.0 m"
    rig.use(0)
    assert "heights contradict each other: rangefinder says 90.0 m" in rig.flight.problems()[-1]
    rig.vehicle.contradiction, rig.vehicle.height = None, "relative"
    rig.use(1)
    assert "only the height above home" in rig.flight.problems()[-1]


def test_flying_without_attitude_knows_no_heading_and_is_less_sure():
    told, untold = Rig(), Rig(without_attitude=True)
    untold.vehicle.tells = False
    frame = Frame(0, 0, SCENE.frame(0.0), "monotonic")
    sure, wide = told.looking.ready(frame), untold.looking.ready(frame)
    assert isinstance(sure, Ready)
    assert wide.view == {"fov_deg": pytest.approx(SCENE.fov_deg)}
    # 96 m tiles were cut for a footprint of 120 m: the height that shows it.
    assert wide.pose.height.height_m == pytest.approx(SCENE.height_m, rel=1e-3)
    assert wide.pose.tilt_sigma_deg > 3 * sure.pose.tilt_sigma_deg
    untold.vehicle.tells, untold.vehicle.height = True, None
    aslant = untold.looking.ready(frame)
    assert "heading_deg" in aslant.view
    assert "height_m" not in aslant.view
    assert aslant.pose.heading_deg == sure.pose.heading_deg


def test_the_pixel_below_a_tilted_camera():
    rig = Rig()
    ready = rig.looking.ready(Frame(0, 0, SCENE.frame(0.0), "monotonic"))
    x, y = ready.nadir_px()
    s = SCENE.state(0.0)
    assert y - (HEIGHT - 1) / 2 == pytest.approx(
        ready.focal_px * np.tan(np.radians(s.pitch_deg)), abs=0.5
    )
    assert x - (WIDTH - 1) / 2 == pytest.approx(
        ready.focal_px * np.tan(np.radians(s.roll_deg)), abs=0.5
    )


def test_a_full_disk_ends_the_log_and_not_the_flight(caplog):
    log = FlightLog("/dev/full")
    rig = Rig(log=log)
    rig.fly(1, 8)
    assert log.failed is not None
    assert rig.telling.last.state is State.TRACKING
    assert len([r for r in caplog.records if "no longer logged" in r.message]) == 1
    assert "NOT LOGGED" in status_line(rig.flight, rig.now_us, ())
    log.close()


def test_the_status_line_says_state_place_and_trouble():
    rig = Rig()
    assert status_line(rig.flight, 0, ()).startswith("SEARCHING | frames 0 of 0")
    rig.fly(1, 4)
    line = status_line(rig.flight, rig.now_us, ("the camera has stalled", "more"))
    assert line.startswith("TRACKING 47.2")
    assert f"sent {len(rig.sent)}" in line
    assert line.endswith("! the camera has stalled (+1)")
