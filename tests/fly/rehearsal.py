"""A flight rehearsed: the real loop, localizer and link; doubles of camera and autopilot."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from edgegeo import geodesy
from edgegeo.autopilot.gate import Gate
from edgegeo.autopilot.link import Link
from edgegeo.camera import camera_from_fov
from edgegeo.fly.believed import Believed
from edgegeo.fly.flight import Flight
from edgegeo.fly.journal import flight_log
from edgegeo.fly.looking import Looking
from edgegeo.fly.outlets import RATES_HZ, link_outlet
from edgegeo.fly.running import fly
from edgegeo.fly.tape import Tape
from edgegeo.fly.telling import Telling
from edgegeo.fly.vehicle import Autopilot
from edgegeo.logs import read_log
from edgegeo.sighting import State
from edgegeo.sources.live_camera import LiveCamera
from edgegeo.sources.newest import now_us
from edgegeo.track import Tracker
from tests.fly.autopilot_double import Orders, write_table

FRAMES_HZ = 30
BEFORE_S = 2.0  # the autopilot speaks before the first frame


@dataclass(kw_only=True)
class Faults:
    """Spans (start, end) in seconds of the flight."""

    stall: list = field(default_factory=list)  # the camera gives nothing
    dies: list = field(default_factory=list)  # moments at which reading raises
    dark: list = field(default_factory=list)  # the lens is covered
    spoof: list = field(default_factory=list)  # it shows a place half a lap ahead
    silent: list = field(default_factory=list)  # the line to the autopilot is cut
    jumps: list = field(default_factory=list)  # (moment, seconds) of the autopilot's clock
    restart: list = field(default_factory=list)  # spans in which the localizer does not run
    without: list = field(default_factory=list)  # kinds of messages the autopilot never sends


@dataclass(kw_only=True)
class Flown:
    """What came of it; times in seconds of the flight, errors against the scene's truth."""

    scene: object
    start_s: float
    seconds: float
    heard: list
    sightings: list
    estimates: list
    notes: list
    tally: dict
    stages_ms: list  # of each frame that was looked at

    def positions(self) -> list[dict]:
        """What the autopilot heard by message 296: when it held, how old, how wrong."""
        out = []
        for said in self.heard:
            if said["type"] != "GLOBAL_POSITION_SENSOR":
                continue
            held_s = 1e-6 * (said["time_usec"] - said["processing_time"]) - self.start_s
            at = (1e-7 * said["lat"], 1e-7 * said["lon"])
            out.append(said | {"held_s": held_s, "error_m": self.error_m(held_s, *at)})
        return out

    def silences_s(self, longest_s: float = 0.5) -> list[tuple[float, float]]:
        """Spans of more than `longest_s` without a position, after the first one, to the end."""
        at = [*(p["held_s"] for p in self.positions()), self.seconds]
        return [(a, b) for a, b in pairwise(at) if b - a > longest_s]

    def error_m(self, time_s: float, lat_deg: float, lon_deg: float) -> float:
        true = self.scene.state(time_s)
        return float(geodesy.distance_m(lat_deg, lon_deg, true.lat_deg, true.lon_deg))

    def distances2(self) -> list[float]:
        """Of each position that was given: the squared Mahalanobis distance of its error."""
        out = []
        for e in self.estimates:
            if e.state not in (State.TRACKING, State.DEAD_RECKONING):
                continue
            true = self.scene.state(1e-6 * e.time_us - self.start_s)
            off = np.array(geodesy.enu_from_geo(e.lat_deg, e.lon_deg, true.lat_deg, true.lon_deg))
            ee, en, nn = e.cov_m2
            out.append(float(off @ np.linalg.solve([[ee, en], [en, nn]], off)))
        return out

    def frame_errors_m(self) -> list[float]:
        """Of each accepted frame alone: its best place against the truth at the exposure."""
        return [
            self.error_m(1e-6 * s.time_us - self.start_s, best.lat_deg, best.lon_deg)
            for s in self.sightings
            if s.accepted
            for best in s.hypotheses[:1]
        ]


class Watched(Believed):
    """Keeps the sightings that pass through."""

    keep = True

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.seen = []

    def sight(self, sighting) -> bool:
        if self.keep:
            self.seen.append(sighting)
        return super().sight(sighting)


def stream(scene, start_s: float, seconds: float, faults: Faults):
    """Give the scene at 30 frames a second, by the clock, with the camera's faults."""
    noise = np.random.default_rng(0)
    time.sleep(max(0.0, start_s - time.monotonic()))
    while True:
        now_s = time.monotonic() - start_s
        k = int(np.ceil(now_s * FRAMES_HZ + 1e-6))
        due_s = k / FRAMES_HZ
        if due_s >= seconds:
            return
        stalled = next((end for begin, end in faults.stall if begin <= due_s < end), None)
        if stalled is not None:
            time.sleep(max(0.0, start_s + stalled - time.monotonic()))
            continue
        if faults.dies and due_s >= faults.dies[0]:
            faults.dies.pop(0)
            raise OSError("the camera was unplugged (a double's fault)")
        shown_s = due_s
        if any(begin <= due_s < end for begin, end in faults.spoof):
            shown_s += scene.lap_s / 3
        image = scene.frame(shown_s)
        if any(begin <= due_s < end for begin, end in faults.dark):
            image = noise.integers(0, 3, image.shape, np.uint8)
        time.sleep(max(0.0, start_s + due_s - time.monotonic()))
        yield round(1e6 * due_s), image


def rehearse(
    scene,
    localizer_at,
    folder: Path,
    port: int,
    seconds: float,
    *,
    faults: Faults | None = None,
    path: str = "px4",
    seed: int = 0,
    rate_hz: float | None = None,
    keep: bool = True,
    log_frames: bool = False,
    by_port: int | None = None,
) -> Flown:
    """Fly in real time; files go to `folder`.

    `localizer_at` gives the localizer once the moment of the start is known; without `keep` no
    sighting is kept, so that a long flight's memory is the flight's own. `by_port` is where the
    autopilot speaks to where something stands between it and us.
    """
    faults = faults or Faults()
    write_table(folder / "table.npy", scene, seconds, seed)
    start_s = time.monotonic() + BEFORE_S
    localizer = localizer_at(start_s)
    orders = Orders(
        port=by_port or port,
        table=str(folder / "table.npy"),
        heard=str(folder / "heard.jsonl"),
        start_s=start_s,
        seconds=seconds + 0.5,
        silent_s=faults.silent,
        jumps=faults.jumps,
        without=faults.without,
    )
    (folder / "orders.json").write_text(json.dumps(asdict(orders)))
    double = subprocess.Popen(
        [sys.executable, "-m", "tests.fly.autopilot_double", str(folder / "orders.json")]
    )
    seen, notes, tally, ends = [], [], {}, [*(a for a, _ in faults.restart), seconds]
    begins = [0.0, *(b for _, b in faults.restart)]
    try:
        for begin_s, end_s in zip(begins, ends, strict=True):
            time.sleep(max(0.0, start_s + begin_s - BEFORE_S / 2 - time.monotonic()))
            log = folder / "flight.mcap"
            span_s = (start_s, end_s)
            part = _fly_part(
                scene, localizer, port, span_s, faults, path, log, notes, rate_hz, keep, log_frames
            )
            seen += part[0]
            for name, count in part[1].items():
                tally[name] = tally.get(name, 0) + count
        double.wait(timeout=20)
    finally:
        double.kill()
        double.wait()
    records = [r for log in folder.glob("flight*.mcap") for r in read_log(log)]
    records.sort(key=lambda record: record.time_us)
    return Flown(
        scene=scene,
        start_s=start_s,
        seconds=seconds,
        heard=[json.loads(line) for line in (folder / "heard.jsonl").read_text().splitlines()],
        sightings=seen,
        estimates=[r.value for r in records if r.topic == "/estimate/full"],
        notes=[(1e-6 * us - start_s, text) for us, text in notes],
        tally=tally,
        stages_ms=[r.value for r in records if r.topic == "/timings_ms"],
    )


def _fly_part(
    scene, localizer, port, span_s, faults, path, log_path, notes, rate_hz, keep, log_frames
):
    camera = camera_from_fov(*scene.size, scene.fov_deg)
    open_stream = partial(stream, scene, *span_s, faults)
    with (
        Link(f"udpin:127.0.0.1:{port}") as link,
        LiveCamera(open_stream, once=True) as source,
        flight_log(log_path) as log,
    ):
        vehicle = Autopilot(link)
        believed = Watched(Tracker(), vehicle.velocity)
        believed.keep = keep
        telling = Telling(believed, vehicle, Gate(), link_outlet(path, link), log, link.send)
        looking = Looking(camera, vehicle, localizer.tile_m)
        tape = Tape(log, vehicle, looking, now_us) if log_frames else None
        parts = (source, localizer, vehicle, looking, believed, telling)
        flight = Flight(*parts, log=log, tape=tape, clock=now_us)
        fly(
            flight,
            rate_hz=rate_hz or RATES_HZ[path],
            stop=threading.Event(),
            clock=now_us,
            say=lambda us, text: notes.append((us, text)),
        )
    return believed.seen, flight.tally.frames
