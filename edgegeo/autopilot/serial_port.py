"""A serial port that NMEA or UBX goes out of, as from a GPS."""

from functools import partial
from types import TracebackType
from typing import Any

from edgegeo.errors import LinkError, MissingExtraError


class SerialPort:
    """Writes whole messages; a slow or unplugged port loses them and says so.

    One that was unplugged is opened again with the next message. Raises LinkError for a device
    that cannot be opened at first, MissingExtraError without pyserial.
    """

    def __init__(self, device: str, baud: int = 115200) -> None:
        try:
            import serial
        except ImportError as error:
            raise MissingExtraError.of("a serial port", "fly") from error
        self._open = partial(serial.Serial, device, baud, timeout=0, write_timeout=0.2)
        self._slow = serial.SerialTimeoutException
        try:
            self._port: Any = self._open()
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise LinkError(f"cannot open {device} at {baud} baud: {error}") from error

    def send(self, data: bytes) -> bool:
        """Write one message; say whether the port took all of it."""
        try:
            if not self._port.is_open:
                self._port = self._open()
            return bool(self._port.write(data) == len(data))
        except self._slow:
            return False
        except OSError:
            self._port.close()
            return False

    def __enter__(self) -> "SerialPort":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._port.close()
