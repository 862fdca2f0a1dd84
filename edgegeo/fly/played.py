"""What a replay puts in the place of camera, vehicle and clock."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edgegeo.autopilot.told import Sample, Told
from edgegeo.camera import Camera
from edgegeo.fly.logged import Event, LoggedFlight, PacedLog
from edgegeo.fly.replay import Recorded, Replay
from edgegeo.fly.vehicle import Speaking, Vehicle
from edgegeo.sources import LiveSource, PushedFrames, open_frames


@dataclass(frozen=True, kw_only=True)
class Played:
    """`events` are for a replay as fast as possible, `source` plays in real time.

    `camera` is None where the user has to tell it; `epoch_us` the time of day at zero of the
    flight's clock, None for that of this computer.
    """

    source: LiveSource
    vehicle: Vehicle
    events: Iterator[Event]
    hear: Callable[[Sample], None]
    truth: list[tuple[int, float, float]]
    camera: Camera | None = None
    epoch_us: int | None = None


def is_log(replay: str) -> bool:
    """Whether --replay names a log and not a table; one of a killed flight is FILE.mcap.partial."""
    return Path(replay).suffix in (".mcap", ".partial")


def played(args: Namespace, stack: ExitStack) -> Played:
    """Open what --replay names; `stack` closes it. Raises DataError."""
    return (_from_log if is_log(args.replay) else _from_table)(args, stack)


def _from_table(args: Namespace, stack: ExitStack) -> Played:
    replay = Replay(open_frames(args.source), rate_hz=args.images_per_s, fast=args.fast)
    return Played(
        source=stack.enter_context(replay.source),
        vehicle=Recorded(replay, args.replay),
        events=((frame.time_us, frame) for frame in iter(replay.source.latest, None)),
        hear=lambda _sample: None,
        truth=replay.truth(args.truth) if args.truth else [],
        epoch_us=0 if args.fast else None,
    )


def _from_log(args: Namespace, stack: ExitStack) -> Played:
    logged, told = LoggedFlight(args.replay), Told()

    def hear(sample: Sample) -> None:
        told.put(sample.kind, sample.time_us, *sample.values)

    on_gimbal = logged.on_gimbal or args.gimbal
    vehicle = Speaking(told, on_gimbal=on_gimbal, with_velocity=args.velocity == "autopilot")
    # Nothing is asked of the source where the events are used as they come.
    source: LiveSource = PushedFrames() if args.fast else PacedLog(logged, hear)
    shift_us = source.shift_us if isinstance(source, PacedLog) else 0
    return Played(
        source=stack.enter_context(source),
        vehicle=vehicle,
        events=logged.events(),
        hear=hear,
        truth=[(time_us + shift_us, lat, lon) for time_us, lat, lon in logged.truth()],
        camera=logged.camera,
        epoch_us=logged.epoch_us if args.fast else None,
    )
