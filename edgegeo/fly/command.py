"""`edgegeo fly`: from the command's flags to a flight, and back to quiet."""

import signal
import threading
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgegeo.autopilot.connection import key_of_passphrase
from edgegeo.autopilot.gate import Gate, Limits
from edgegeo.autopilot.link import Link
from edgegeo.autopilot.serial_port import SerialPort
from edgegeo.autopilot.told import Told
from edgegeo.camera import Camera, camera_from_fov
from edgegeo.camera_files import read_camera
from edgegeo.errors import DataError, LinkError, RangeError
from edgegeo.fly.believed import Believed
from edgegeo.fly.flight import Flight
from edgegeo.fly.journal import flight_log
from edgegeo.fly.looking import Looking
from edgegeo.fly.outlets import BY_SERIAL_PORT, RATES_HZ, Outlet, link_outlet, serial_outlet
from edgegeo.fly.played import is_log, played
from edgegeo.fly.resetting import Resetting
from edgegeo.fly.running import FrameClock, fly, fly_fast
from edgegeo.fly.status import StatusLine, status_line
from edgegeo.fly.stopping import handling, stopped_by_signals
from edgegeo.fly.tally import Problems
from edgegeo.fly.tape import Tape
from edgegeo.fly.telling import Telling
from edgegeo.fly.vehicle import Autopilot, Speaking, Vehicle
from edgegeo.fly.watchdog import Watchdog
from edgegeo.localizer import Localizer
from edgegeo.logs import FlightLog
from edgegeo.sources import LiveSource, SourceState, open_camera
from edgegeo.sources.newest import now_us
from edgegeo.track import Tracker

WITHOUT_AUTOPILOT_HZ = 10.0  # outputs to the log alone


def run(args: Namespace) -> None:
    """Fly until SIGINT, SIGTERM or the end of the source. Raises KeyboardInterrupt after SIGINT.

    What cannot be opened (engine, source, camera file, connection, log) raises before the first
    frame; after it only a file that breaks off, or that turns out to be damaged, with a DataError
    once the log is closed.
    """
    _check(args)
    camera = _camera(args)
    frame_clock = FrameClock() if args.fast else None
    clock: Callable[[], int] = frame_clock or now_us
    with ExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        localizer = Localizer(args.engine, threads=args.threads)
        link = _link(args, stack)
        outlet = _outlet(args, link, stack)
        replay = played(args, stack) if args.replay else None
        source: LiveSource
        vehicle: Vehicle
        if replay is None:
            source = stack.enter_context(
                open_camera(args.source, delay_ms=args.camera_delay_ms, rate_hz=args.images_per_s)
            )
            vehicle = _vehicle(args, link)
        else:
            source, vehicle = replay.source, replay.vehicle
            if camera is None and replay.camera is not None:
                camera = replace(replay.camera, **_mounting(args))
        log = None
        if args.log:
            epoch_us = None if replay is None else replay.epoch_us
            log = stack.enter_context(flight_log(args.log, epoch_us))
            for row in () if replay is None else replay.truth:
                log.add_truth(*row)
        if camera is None:
            raise DataError("nobody tells the lens: give --camera FILE or --fov-deg DEG")
        looking = Looking(
            camera,
            vehicle,
            localizer.tile_m,
            without_attitude=args.no_attitude,
            scaled=args.scaled,
        )
        tape = None
        if args.log_frames and log is not None and isinstance(vehicle, Speaking):
            tape = Tape(log, vehicle, looking, clock)
        believed = Believed(Tracker(), vehicle.velocity)
        gate = Gate(Limits(stop_after_s=args.stop_after_s, max_sigma_m=args.max_sigma_m))
        flight = Flight(
            source,
            localizer,
            vehicle,
            looking,
            believed,
            Telling(believed, vehicle, gate, outlet, log, None if link is None else link.send),
            log=log,
            tape=tape,
            clock=clock,
        )
        rate_hz = args.rate_hz or RATES_HZ.get(args.autopilot, WITHOUT_AUTOPILOT_HZ)
        if replay is not None and frame_clock is not None:
            fly_fast(
                flight,
                replay.events,
                hear=replay.hear,
                rate_hz=rate_hz,
                stop=stop,
                clock=frame_clock,
            )
            StatusLine().say(status_line(flight, clock(), ()))
        else:
            _fly_live(flight, rate_hz, stop, log)
        broken = _broken(source)
        if broken is not None and log is not None:
            log.add_note(clock(), broken)
    if broken is not None:
        raise DataError(broken)
    if stop.by == signal.SIGINT:
        raise KeyboardInterrupt


def _broken(source: LiveSource) -> str | None:
    status = source.status
    if status.state is not SourceState.ENDED or status.error is None:
        return None
    return f"the source broke off after {status.frames} frames: {status.error}"


def _fly_live(flight: Flight, rate_hz: float, stop: threading.Event, log: FlightLog | None) -> None:
    status, watchdog = StatusLine(), Watchdog()

    def say(time_us: int, sentence: str) -> None:
        status.say(sentence)
        if log is not None:
            log.add_note(time_us, sentence)

    def each(time_us: int, problems: Problems) -> None:
        line = status_line(flight, time_us, problems.now)
        watchdog.alive(line)
        if status.due(time_us):
            status.show(time_us, line)

    watchdog.ready()
    fly(flight, rate_hz=rate_hz, stop=stop, clock=now_us, say=say, each=each)
    watchdog.stopping()
    status.show(now_us(), status_line(flight, now_us(), ()))
    status.end()


def _check(args: Namespace) -> None:
    """Refuse flags that make no flight together."""
    if args.autopilot in BY_SERIAL_PORT and not args.gps_port:
        raise LinkError(f"--autopilot {args.autopilot} needs --gps-port DEVICE:BAUD to write to")
    if args.autopilot and args.autopilot not in BY_SERIAL_PORT and not args.connection:
        raise LinkError(
            f"--autopilot {args.autopilot} needs --connection, such as udpin:0.0.0.0:14540"
        )
    of_log = bool(args.replay) and is_log(args.replay)
    for is_wrong, sentence in (
        (not args.source and not of_log, "give --source, where the frames come from"),
        (
            not (args.connection or args.replay or args.no_attitude),
            "nobody tells attitude and height: give --connection, or --replay POSES, or say "
            "--no-attitude to fly without",
        ),
        (args.fast and not args.replay, "--fast is for a replay: give --replay POSES"),
        (
            args.fast and args.autopilot and not args.dry_run,
            "--fast has no time of day to send positions at: leave --autopilot out",
        ),
        (args.truth and not args.replay, "--truth is for a replay: give --replay POSES"),
        (of_log and args.source, "the frames of a replayed log are its own: leave out --source"),
        (of_log and args.truth, "the truth of a replayed log is its own: leave out --truth"),
        (
            args.replay and args.camera_delay_ms,
            "--camera-delay-ms is for a live camera: a replay has the exposures",
        ),
        (args.log_frames and args.replay, "--log-frames is for a flight, not for its replay"),
        (args.log_frames and not args.log, "--log-frames needs --log MCAP to write to"),
    ):
        if is_wrong:
            raise DataError(sentence)
    if args.rate_hz is not None and not 0.5 <= args.rate_hz <= 50:
        raise RangeError.of("--rate-hz", "in [0.5, 50]", args.rate_hz)


def _camera(args: Namespace) -> Camera | Callable[[int, int], Camera] | None:
    mounting = _mounting(args)
    if args.camera:
        return read_camera(args.camera, name=args.camera_name, **mounting)
    if args.fov_deg is None:
        return None
    fov_deg: float = args.fov_deg
    camera_from_fov(640, 480, fov_deg, **mounting)  # wrong numbers are told before the flight
    return lambda width_px, height_px: camera_from_fov(width_px, height_px, fov_deg, **mounting)


def _mounting(args: Namespace) -> dict[str, Any]:
    """Return what is told of it; the rest is straight down, or as it was flown."""
    names = (f"mount_{axis}_deg" for axis in ("yaw", "pitch", "roll"))
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _link(args: Namespace, stack: ExitStack) -> Link | None:
    if not args.connection:
        return None
    key = None
    if args.signing_file:
        try:
            passphrase = Path(args.signing_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(
                f"cannot read the passphrase of {args.signing_file}: {error}"
            ) from error
        key = key_of_passphrase(passphrase)
    link = Link(args.connection, system=args.system, sensor_id=args.sensor_id, signing_key=key)
    return stack.enter_context(link)


def _outlet(args: Namespace, link: Link | None, stack: ExitStack) -> Outlet | None:
    if not args.autopilot:
        return None
    if args.autopilot in BY_SERIAL_PORT:
        without = args.without_velocity
        if args.dry_run:
            return serial_outlet(args.autopilot, Unheard(), without_velocity=without)
        device, _, baud = args.gps_port.rpartition(":")
        if not device or not baud.isdecimal():
            raise LinkError(f"--gps-port must be DEVICE:BAUD, got {args.gps_port!r}")
        port = stack.enter_context(SerialPort(device, int(baud)))
        return serial_outlet(args.autopilot, port, without_velocity=without)
    if link is None:
        return None
    outlet = link_outlet(
        args.autopilot,
        link,
        without_velocity=args.without_velocity,
        send=Unheard().send if args.dry_run else None,
    )
    if args.autopilot != "ardupilot-reset" or args.dry_run:
        return outlet
    resetting = Resetting(outlet, link.answers)
    stack.enter_context(handling([signal.SIGUSR1], lambda _number: resetting.ask()))
    return resetting


class Unheard:
    """Where a dry run sends its positions to: they are made and counted, and go nowhere."""

    def send(self, _message: Any) -> bool:
        return True


def _vehicle(args: Namespace, link: Link | None) -> Vehicle:
    if link is None:
        return Speaking(Told())  # nobody tells anything
    return Autopilot(link, on_gimbal=args.gimbal, with_velocity=args.velocity == "autopilot")
