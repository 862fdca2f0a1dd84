"""Whether a long flight's memory is flat: half an hour of frames, as fast as they are located.

    python -m tests.bench.bench_memory OUT                    # the engine, 2 frames a second
    python -m tests.bench.bench_memory OUT --frames-hz 7 --truthful    # all but the engine

Prints anonymous memory and the log's size over the flight, a Markdown table. The loop, the tracker,
the log and (without --truthful) the localizer are real; camera and vehicle are doubles that tell
the truth, and the positions go nowhere. The engine is built in OUT.
"""

import argparse
import tempfile
from pathlib import Path

from edgegeo.autopilot.gate import Gate
from edgegeo.camera import camera_from_fov
from edgegeo.fly.believed import Believed
from edgegeo.fly.flight import Flight
from edgegeo.fly.looking import Looking
from edgegeo.fly.telling import Telling
from edgegeo.localizer import Localizer
from edgegeo.logs import FlightLog
from edgegeo.sources import Frame
from edgegeo.track import Tracker
from tests.bench.bench_flight import memory_mb
from tests.fly.scenes import Procedural
from tests.fly.truthful import Plain, Truthful, TruthfulVehicle

OUTPUT_US, ROWS = 100_000, 12


def fly_on(scene, localizer, path: Path, seconds: float, frames_hz: float):
    """Fly, and give (flight time, RssAnon MB, log MB) now and then."""
    vehicle, sent = TruthfulVehicle(scene), [0]
    believed = Believed(Tracker(), vehicle.velocity)

    def outlet(_fix, _now_us) -> None:
        sent[0] += 1

    with FlightLog(path, epoch_us=0) as log:
        telling = Telling(believed, vehicle, Gate(), outlet, log, None)
        camera = camera_from_fov(*scene.size, scene.fov_deg)
        flight = Flight(
            None,
            localizer,
            vehicle,
            Looking(camera, vehicle, localizer.tile_m),
            believed,
            telling,
            log=log,
            clock=lambda: vehicle.now_us,
        )
        frame_us, due_us = round(1e6 / frames_hz), 0
        for tick in range(round(1e6 * seconds / OUTPUT_US)):
            vehicle.now_us = tick * OUTPUT_US
            if vehicle.now_us >= due_us:
                due_us += frame_us
                image = scene.frame(1e-6 * vehicle.now_us)
                flight.use(Frame(tick, vehicle.now_us, image, "monotonic"))
            telling.tick(vehicle.now_us)
            if tick % max(1, round(1e6 * seconds / OUTPUT_US / ROWS)) == 0:
                yield tick * OUTPUT_US * 1e-6, memory_mb(), path.stat().st_size / 2**20
    yield seconds, memory_mb(), path.stat().st_size / 2**20
    print(f"\n{sum(flight.tally.frames.values())} frames, {sent[0]} positions")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--seconds", type=float, default=1800.0)
    p.add_argument("--frames-hz", type=float, default=2.0)
    p.add_argument("--truthful", action="store_true")
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.truthful:
        scene = Plain()
        localizer = Truthful(scene, 0.0)
    else:
        scene, engine = Procedural(), args.out / "procedural.edgegeo"
        if not engine.exists():
            scene.build(engine)
        localizer = Localizer(engine)
    print("| s of flight | RssAnon MB | log MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flight.mcap"
        for at_s, mb, log_mb in fly_on(scene, localizer, path, args.seconds, args.frames_hz):
            print(f"| {at_s:.0f} | {mb:.1f} | {log_mb:.1f} |", flush=True)


if __name__ == "__main__":
    main()
