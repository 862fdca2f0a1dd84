"""What a flight must write down to be flown again from its log."""

from collections.abc import Callable

from edgegeo.camera import Camera
from edgegeo.fly.looking import Looking
from edgegeo.fly.vehicle import Speaking
from edgegeo.logs import FlightLog
from edgegeo.sources import Frame


class Tape:
    """Writes all that the vehicle tells as it is heard, and each frame that was taken up, whole."""

    def __init__(
        self, log: FlightLog, vehicle: Speaking, looking: Looking, clock: Callable[[], int]
    ) -> None:
        self._log, self._vehicle, self._looking = log, vehicle, looking
        self._camera: Camera | None = None
        vehicle.told.heard = lambda sample: log.add_sample(clock(), sample)

    def took(self, frame: Frame, ready_us: int) -> None:
        """Write a frame; `ready_us` is when its pose was known, or was waited for in vain."""
        camera = self._looking.camera
        if camera is not None and camera != self._camera:
            self._camera = camera
            self._log.add_camera(ready_us, camera, self._vehicle.on_gimbal)
        self._log.add_whole_frame(frame.name, frame.time_us, frame.image, ready_us)
