"""A flight rehearsed in real time against an autopilot's double in a process of its own."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("mcap")
pytest.importorskip("pymavlink")

from edgegeo import geodesy
from edgegeo.cli import main
from edgegeo.fly.outlets import RATES_HZ
from edgegeo.localizer import Localizer
from edgegeo.logs import read_log
from edgegeo.sighting import State
from tests.autopilot.listening import port as port
from tests.fly.rehearsal import Faults, rehearse
from tests.fly.scenes import Procedural, Recorded
from tests.fly.truthful import SPOOFED_M, Plain, Truthful


def states(flown, begin_s, end_s):
    at = [(1e-6 * e.time_us - flown.start_s, e.state) for e in flown.estimates]
    return {state for time_s, state in at if begin_s <= time_s < end_s}


def check_every_position(flown):
    """Ids, ages and accuracies of all that the autopilot heard."""
    heard = flown.positions()
    assert heard
    for said in heard:
        assert (said["system"], said["component"]) == (1, 197)
        assert (said["id"], said["source"], said["flags"]) == (1, 2, 0)
        assert said["processing_time"] <= 500_000
        assert 0 < said["eph"] <= 50
        assert said["error_m"] < 20
    times = [said["time_usec"] for said in heard]
    assert times == sorted(set(times))
    others = {said["type"] for said in flown.heard}
    assert {"HEARTBEAT", "TIMESYNC", "NAMED_VALUE_FLOAT", "STATUSTEXT"} <= others


def test_a_short_flight_with_a_doubles_answers(port, tmp_path):
    """Real loop, link, gate, tracker and log; doubles of camera, localizer and autopilot."""
    scene = Plain()
    wrong = [(3.0, 3.6)]
    faults = Faults(stall=[(4.5, 6.0)], dies=[2.5])
    flown = rehearse(
        scene,
        lambda start_s: Truthful(scene, start_s, wrong),
        tmp_path,
        port,
        7.0,
        faults=faults,
    )
    check_every_position(flown)
    spoofed = [e for e in flown.frame_errors_m() if e > SPOOFED_M / 2]
    assert spoofed  # they were accepted and sure, and yet no position followed them
    assert flown.silences_s() == []
    assert State.TRACKING in states(flown, 2.0, 2.5)
    assert states(flown, 6.5, 7.0) == {State.TRACKING}
    assert any("the camera has stalled" in text for _, text in flown.notes)


def test_without_attitude_nothing_is_sent_and_it_is_said(port, tmp_path):
    scene = Plain()
    faults = Faults(without=["ATTITUDE"])
    flown = rehearse(scene, lambda s: Truthful(scene, s), tmp_path, port, 2.0, faults=faults)
    assert flown.positions() == []
    assert flown.tally["NO_ATTITUDE"] > 5
    assert set(flown.tally) <= {"NO_ATTITUDE", "OLD"}
    assert any("attitude at the exposure is not known" in text for _, text in flown.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("ardupilot-odometry", "ODOMETRY"),
        ("ardupilot-vision", "VISION_POSITION_ESTIMATE"),
        ("ardupilot-gps", "GPS_INPUT"),
    ],
)
def test_the_other_paths_in_flight(port, tmp_path, path, kind):
    scene = Plain()
    flown = rehearse(scene, lambda s: Truthful(scene, s), tmp_path, port, 6.0, path=path)
    heard = [said for said in flown.heard if said["type"] == kind]
    assert len(heard) > 0.6 * RATES_HZ[path] * 3.5
    assert "GLOBAL_POSITION_SENSOR" not in {said["type"] for said in flown.heard}
    origin = scene.state(0.0)
    for said in heard:
        held_s = 1e-6 * said.get("time_usec", said.get("usec")) - flown.start_s
        if kind == "GPS_INPUT":
            lat, lon = 1e-7 * said["lat"], 1e-7 * said["lon"]
        else:
            at = (origin.lat_deg, origin.lon_deg)
            lat, lon = geodesy.geo_from_enu(said["y"], said["x"], *at)
        assert flown.error_m(held_s, float(lat), float(lon)) < 20


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return Procedural().build(tmp_path_factory.mktemp("landscape") / "demo.edgegeo")


@pytest.fixture(scope="module")
def landscape(engine):
    scene = Procedural()
    scene.frame(0.0)
    return scene, Localizer(engine)


@pytest.mark.slow
def test_the_procedural_flight_with_every_fault(landscape, port, tmp_path):
    """Everything real but the pictures and the autopilot."""
    scene, localizer = landscape
    faults = Faults(
        stall=[(12, 15)],
        dies=[20.0],
        silent=[(25, 33)],
        jumps=[(40, 30.0), (46, -60.0)],
        spoof=[(52, 52.8)],
        restart=[(56, 58)],
        dark=[(66, 75)],
    )
    flown = rehearse(scene, lambda _: localizer, tmp_path, port, 82.0, faults=faults)
    check_every_position(flown)
    # The cut line, the restart and the darkness each bring silence, and each silence ends.
    for during_s, latest_s in ((32, 38), (57.5, 64), (74, 80)):
        spans = [(a, b) for a, b in flown.silences_s() if a < during_s < b]
        assert spans, f"a position was sent at {during_s} s"
        assert spans[0][1] < latest_s
    outputs = [e for e in flown.estimates if 5 <= 1e-6 * e.time_us - flown.start_s < 12]
    assert len(outputs) >= 4 * 7  # 5 Hz is the rate; a busy machine may miss some
    for begin_s, end_s in ((10, 12), (22, 25), (64, 66), (80, 82)):
        assert states(flown, begin_s, end_s) <= {State.TRACKING, State.DEAD_RECKONING}


@pytest.mark.slow
def test_a_flight_over_a_real_link_is_flown_again_from_its_log(landscape, engine, port, tmp_path):
    """Three threads wrote the log as things came; the replay has them in that order."""
    scene, localizer = landscape
    rehearse(scene, lambda _: localizer, tmp_path, port, 8.0, log_frames=True)
    command = ["fly", str(engine), "--replay", str(tmp_path / "flight.mcap")]
    assert main([*command, "--fast", "--log", str(tmp_path / "again.mcap")]) == 0
    before, after = (
        {r.time_us: r.value[1] for r in read_log(tmp_path / name) if r.topic == "/fix/full"}
        for name in ("flight.mcap", "again.mcap")
    )
    assert len(before) > 10
    assert list(after) == list(before)
    agree = [fix.accepted == before[time_us].accepted for time_us, fix in after.items()]
    assert np.mean(agree) > 0.95
    off_m = [
        geodesy.distance_m(fix.lat_deg, fix.lon_deg, was.lat_deg, was.lon_deg)
        for fix, was in ((fix, before[time_us]) for time_us, fix in after.items())
        if fix.accepted and was.accepted
    ]
    assert np.median(off_m) < 0.1
    assert np.mean(np.array(off_m) < 1.0) > 0.95


@pytest.mark.slow
def test_the_real_video(data_dir, port, tmp_path):
    """A real camera's frames; attitude and height are made from the truth table, with errors."""
    from edgegeo.building.build import build

    folder = data_dir / "nadir_video"
    engine = tmp_path / "video.edgegeo"
    build([folder / "map.tif"], engine, footprint_m=120.0, progress=False)
    scene, localizer = Recorded(folder), Localizer(engine)
    flown = rehearse(scene, lambda _: localizer, tmp_path, port, scene.seconds)
    check_every_position(flown)
    assert np.median([said["error_m"] for said in flown.positions()]) < 10
    assert len(flown.positions()) > 60
    # What attitude and map do alike to all frames is in the stated ellipses: 0.86 are asked for.
    assert np.mean(np.array(flown.distances2()) < 4) > 0.86
