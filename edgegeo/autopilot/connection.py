"""Open pymavlink's connection to an autopilot, or say what is wrong with its name."""

import hashlib
import os
import socket
from typing import Any

from edgegeo.autopilot.dialect import COMPONENT, dialect
from edgegeo.errors import LinkError, MissingExtraError, RangeError

KINDS = ("udpin:HOST:PORT", "udpout:HOST:PORT", "tcp:HOST:PORT", "serial:DEVICE:BAUD")
DIALECTS = ("ardupilotmega", "common")


def open_connection(
    name: str,
    *,
    source_system: int = 1,
    signing_key: bytes | None = None,
    dialect_name: str = "ardupilotmega",
) -> Any:
    """Return a pymavlink connection that speaks MAVLink 2 as component 197.

    Args:
        name: one of KINDS. With `udpin` we wait for the autopilot, with `udpout` we call it.
        source_system: the vehicle's own system id, of which we are a component.
        signing_key: 32 bytes; then what we send is signed and what comes unsigned refused.

    Raises LinkError for a name, a port or a dialect that cannot be used.
    """
    dialect()  # the extra is there, and new enough
    if dialect_name not in DIALECTS:
        raise LinkError(
            f"dialect must be one of {', '.join(DIALECTS)}, got {dialect_name!r}: both hold every "
            "message that PX4 and ArduPilot exchange with edgegeo"
        )
    if signing_key is not None and len(signing_key) != 32:
        raise RangeError.of("signing_key", "32 bytes (see key_of_passphrase)", len(signing_key))
    device, options = _device(name)
    # pymavlink reads these when it is imported; without them it speaks version 1.
    os.environ["MAVLINK20"] = "1"
    os.environ.setdefault("MAVLINK_DIALECT", dialect_name)
    from pymavlink import mavutil

    try:
        if name.startswith("udpin:"):
            _refuse_to_share(name)
        connection = mavutil.mavlink_connection(
            device,
            source_system=source_system,
            source_component=COMPONENT,
            dialect=dialect_name,
            retries=1,
            **options,
        )
    except ImportError as error:
        raise MissingExtraError.of("a serial port", "fly") from error
    except (OSError, ValueError, OverflowError) as error:
        raise LinkError(f"cannot open {name}: {error}") from error
    connection.first_byte = False  # garbage first must not turn it to version 1
    if signing_key is not None:
        connection.setup_signing(signing_key, sign_outgoing=True)
    return connection


def key_of_passphrase(passphrase: str) -> bytes:
    """Return the signing key of a passphrase, as ground stations make it: its SHA-256."""
    return hashlib.sha256(passphrase.encode()).digest()


def _refuse_to_share(name: str) -> None:
    """Raise OSError where another program listens: pymavlink would take its messages away."""
    host, _, port = name.removeprefix("udpin:").rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone:
        alone.bind((host, int(port)))


def _device(name: str) -> tuple[str, dict[str, Any]]:
    kind, _, rest = name.partition(":")
    host, _, last = rest.rpartition(":")
    if kind not in {k.partition(":")[0] for k in KINDS} or not host or not last.isdecimal():
        raise LinkError(f"a connection must be one of {', '.join(KINDS)}, got {name!r}")
    if kind == "serial":
        return host, {"baud": int(last), "autoreconnect": True}
    if not 0 < int(last) < 65536:
        raise LinkError(f"the port of {name!r} must be in 1..65535")
    return name, {"autoreconnect": True} if kind == "tcp" else {}
