"""The loop of a flight: the newest frame in, a sighting out, and the tracker told."""

import time
from collections.abc import Callable
from dataclasses import asdict

from edgegeo.camera_sighting import sighting
from edgegeo.fly.believed import Believed
from edgegeo.fly.looking import Looking, Ready
from edgegeo.fly.prior import Searching
from edgegeo.fly.tally import Skip, Tally
from edgegeo.fly.tape import Tape
from edgegeo.fly.telling import Telling
from edgegeo.fly.vehicle import Vehicle
from edgegeo.image_motion import ImageMotion
from edgegeo.localizer import Localizer
from edgegeo.logs import FlightLog
from edgegeo.sources import Frame, LiveSource, SourceState
from edgegeo.types import Fix, Reject

OLD_US, FUTURE_US = 5_000_000, 500_000  # of an exposure against this computer's clock
PICTURE_US = 1_000_000  # between the small frames in the log
RECENT_US = 2_000_000  # a frame that was skipped longer ago is no news
TOO_LATE = "frames are located too late to be of use: the computer is too slow, or too busy"


class Flight:
    """Everything between the camera and the tracker; `step` does one frame.

    All parts are given, also the clock (monotonic microseconds), so that a flight can be played
    without a camera, an autopilot, or waiting. Whatever befalls one frame is counted in `tally`
    and told by `problems`; nothing raises.
    """

    def __init__(
        self,
        source: LiveSource,
        localizer: Localizer,
        vehicle: Vehicle,
        looking: Looking,
        believed: Believed,
        telling: Telling,
        *,
        log: FlightLog | None = None,
        tape: Tape | None = None,
        clock: Callable[[], int],
    ) -> None:
        self.source, self.telling = source, telling
        self.tally = Tally()
        self.log, self._tape = log, tape
        self._localizer, self._vehicle, self._looking = localizer, vehicle, looking
        self._believed, self._clock = believed, clock
        self._searching, self._motion = Searching(), ImageMotion()
        self._last_us: int | None = None
        self._ready_us = 0
        self._picture_us: int | None = None
        self._trouble: tuple[int, str] | None = None

    def step(self, timeout_s: float = 0.5) -> Frame | None:
        """Wait for a frame and use it; None where none came in time."""
        frame = self.source.latest(timeout_s)
        if frame is not None:
            self.use(frame)
        return frame

    def use(self, frame: Frame) -> None:
        """Locate one frame and tell the tracker, or count why not."""
        self._ready_us = self._clock()
        try:
            outcome = self._outcome(frame)
        except Exception as error:  # of a decoder, a network, a number: the flight goes on
            outcome = Skip.FAILED
            self._trouble = (self._clock(), f"{outcome.value}: {error}")
        self.tally.count(outcome)
        if isinstance(outcome, Skip) and outcome is not Skip.FAILED:
            self._trouble = (self._clock(), outcome.value)
        if self._tape is not None:
            self._tape.took(frame, self._ready_us)

    def problems(self) -> list[str]:
        """Return what is wrong at present, in sentences."""
        said = [*self._vehicle.problems(), *_of_source(self.source)]
        if self._trouble is not None and self._clock() - self._trouble[0] < RECENT_US:
            said.append(self._trouble[1])
        if self._looking.doubt is not None:
            said.append(self._looking.doubt)
        if self.telling.unsent is not None:
            said.append(f"the position is not sent: {self.telling.unsent}")
        return said

    def _outcome(self, frame: Frame) -> Fix | Skip | Reject:
        started_s = time.perf_counter()
        if not -FUTURE_US <= self._clock() - frame.time_us <= OLD_US:
            return Skip.OLD
        if self._last_us is not None and frame.time_us <= self._last_us:
            return Skip.BACK
        self._last_us = frame.time_us
        ready = self._looking.ready(frame)
        self._ready_us = self._clock()
        if not isinstance(ready, Ready):
            return ready
        ready_s = time.perf_counter()
        self._move(ready, frame.time_us)
        moved_s = time.perf_counter()
        prior = None
        if self.telling.last is not None:
            pose = ready.pose if ready.told else None
            prior = self._searching.prior(self.telling.last, pose, frame.time_us)
        fix = self._localizer.locate(ready.image, prior=prior, time_us=frame.time_us, **ready.view)
        located_s = time.perf_counter()
        self._searching.saw(fix.accepted)
        if not self._believed.sight(sighting(fix, ready.pose)):
            self._trouble = (self._clock(), TOO_LATE)
        if self.log is not None:
            stages = {
                "ready": ready_s - started_s,
                "motion": moved_s - ready_s,
                "locate": located_s - moved_s,
                "sight": time.perf_counter() - located_s,
                "since_exposure": 1e-6 * (self._clock() - frame.time_us),
            }
            in_ms = {name: 1e3 * seconds for name, seconds in stages.items()}
            self._write(self.log, frame, fix, in_ms)
        return fix

    def _move(self, ready: Ready, time_us: int) -> None:
        """Take the velocity from the pictures where the autopilot tells none."""
        height = ready.pose.height
        if self._believed.is_told(time_us) or not ready.told or height is None:
            return
        velocity = self._motion.see(
            ready.image,
            time_us,
            gsd_m=height.height_m / ready.focal_px,
            heading_deg=ready.pose.heading_deg,
            nadir_px=ready.nadir_px(),
        )
        if velocity is not None:
            self._believed.moved(velocity)

    def _write(self, log: FlightLog, frame: Frame, fix: Fix, stages_ms: dict[str, float]) -> None:
        log.add_fix(frame.name, fix)
        log.add_timings(frame.time_us, stages_ms | asdict(fix.timings_ms))
        if self._picture_us is None or frame.time_us - self._picture_us >= PICTURE_US:
            self._picture_us = frame.time_us
            log.add_frame(frame.name, frame.time_us, frame.image)


def _of_source(source: LiveSource) -> list[str]:
    status = source.status
    because = "" if status.error is None else f" ({status.error})"
    if status.state is SourceState.CONNECTING:
        return [f"the camera gives no frame yet{because}"]
    if status.state is SourceState.STALLED:
        return [f"the camera has stalled: no new frame{because}"]
    return []
