"""The flight of `edgegeo fly` between ROS 2 topics: they are its camera, vehicle and outlet."""

import threading
from typing import Any

from edgegeo.autopilot.gate import Gate, Limits
from edgegeo.fly.believed import Believed
from edgegeo.fly.flight import Flight
from edgegeo.fly.looking import Looking
from edgegeo.fly.running import fly
from edgegeo.fly.tally import Problems
from edgegeo.fly.tape import Tape
from edgegeo.fly.telling import Telling
from edgegeo.localizer import Localizer
from edgegeo.logs import FlightLog
from edgegeo.ros2.settings import NodeSettings
from edgegeo.ros2.vehicle import RosVehicle
from edgegeo.ros2.wiring import Load, Wiring
from edgegeo.sighting import State
from edgegeo.track import Tracker


class RosFlight:
    """Arguments as those of `Wiring`. Everything counts on the node's clock, be it simulated."""

    def __init__(
        self,
        node: Any,
        load: Load,
        sensor_qos: Any,
        settings: NodeSettings,
        localizer: Localizer,
        log: FlightLog | None = None,
    ) -> None:
        self._node, self._rate_hz, self._log = node, settings.rate_hz, log
        self._state: State | None = None
        vehicle = RosVehicle(self.now_us)
        wiring = Wiring(node, load, sensor_qos, settings, vehicle)
        believed = Believed(Tracker(), vehicle.velocity)
        looking = Looking(wiring.camera, vehicle, localizer.tile_m)
        tape = None
        if log is not None and settings.log_frames:
            tape = Tape(log, vehicle, looking, self.now_us)
        gate = Gate(Limits(stop_after_s=settings.stop_after_s, max_sigma_m=settings.max_sigma_m))
        self.flight = Flight(
            wiring.frames,
            localizer,
            vehicle,
            looking,
            believed,
            Telling(believed, vehicle, gate, wiring.publish, log, None),
            log=log,
            tape=tape,
            clock=self.now_us,
        )

    def now_us(self) -> int:
        """Return the node's clock."""
        return int(self._node.get_clock().now().nanoseconds) // 1000

    def fly(self, stop: threading.Event) -> None:
        """Fly until `stop` is set; for a thread of its own beside the one that spins."""
        fly(
            self.flight,
            rate_hz=self._rate_hz,
            stop=stop,
            clock=self.now_us,
            say=self.say,
            each=self.tell_state,
        )

    def say(self, time_us: int, sentence: str) -> None:
        """Warn of what begins to be wrong."""
        self._node.get_logger().warning(sentence)
        if self._log is not None:
            self._log.add_note(time_us, sentence)

    def tell_state(self, _now_us: int, _problems: Problems | None = None) -> None:
        """Say it where the state is another one than before."""
        last = self.flight.telling.last
        if last is not None and last.state is not self._state:
            self._state = last.state
            self._node.get_logger().info(f"{last.state.name}: {last.state.value}")
