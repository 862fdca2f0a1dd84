"""What the flight knows of the vehicle."""

from typing import Protocol

from edgegeo.autopilot.link import Link, LinkState
from edgegeo.autopilot.told import Told
from edgegeo.camera import Camera
from edgegeo.camera_pose import CameraPose
from edgegeo.sighting import Velocity


class Vehicle(Protocol):
    """Who tells how the camera hangs, and how it moves."""

    @property
    def altitude_m(self) -> float | None:
        """Above mean sea level."""

    @property
    def silent(self) -> bool:
        """Whether nothing at all comes from there at present."""

    def pose(self, camera: Camera, time_us: int) -> CameraPose | None:
        """Return how the camera hung at an exposure; None where that is not known."""

    def velocity(self) -> Velocity | None:
        """Return the last velocity over ground."""

    def problems(self) -> list[str]:
        """Return what an operator should know, in sentences."""


class Speaking:
    """A vehicle known by what it has told; nothing more is waited for.

    `with_velocity=False` leaves its velocity alone.
    """

    def __init__(self, told: Told, *, on_gimbal: bool = False, with_velocity: bool = True) -> None:
        self.told, self.on_gimbal, self.with_velocity = told, on_gimbal, with_velocity

    @property
    def altitude_m(self) -> float | None:
        return self.told.altitude_m

    @property
    def silent(self) -> bool:
        return True

    def pose(self, camera: Camera, time_us: int) -> CameraPose | None:
        return self.told.camera_pose(camera, time_us, on_gimbal=self.on_gimbal)

    def velocity(self) -> Velocity | None:
        return self.told.velocity if self.with_velocity else None

    def problems(self) -> list[str]:
        return []


class Autopilot(Speaking):
    """A vehicle at the other end of a link."""

    def __init__(self, link: Link, *, on_gimbal: bool = False, with_velocity: bool = True) -> None:
        super().__init__(link.inbox, on_gimbal=on_gimbal, with_velocity=with_velocity)
        self.link = link

    @property
    def silent(self) -> bool:
        return self.link.state is not LinkState.UP

    def problems(self) -> list[str]:
        return self.link.problems()
