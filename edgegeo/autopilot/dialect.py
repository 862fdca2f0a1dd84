"""The one place that asks for pymavlink."""

from typing import Any

from edgegeo.errors import MissingExtraError

COMPONENT = 197  # MAV_COMP_ID_VISUAL_INERTIAL_ODOMETRY
AUTOPILOT_COMPONENT = 1


def dialect() -> Any:
    """Import pymavlink's ardupilotmega dialect (it holds all of `common`), or name the extra.

    Raises MissingExtraError also for a pymavlink before 2.4.50, which cannot encode message 296.
    """
    try:
        from pymavlink.dialects.v20 import ardupilotmega
    except ImportError as error:
        raise MissingExtraError.of("talking to an autopilot by MAVLink", "fly") from error
    if not hasattr(ardupilotmega, "MAVLink_global_position_sensor_message"):
        raise MissingExtraError.of(
            "GLOBAL_POSITION_SENSOR (pymavlink 2.4.50 or later is not installed)", "fly"
        )
    return ardupilotmega
