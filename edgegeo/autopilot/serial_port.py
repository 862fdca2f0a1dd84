"""A serial port that NMEA or UBX goes out of, as from a GPS."""

from types import TracebackType

from edgegeo.errors import LinkError, MissingExtraError


class SerialPort:
    """Writes whole messages; a slow or unplugged port loses them and says so.

    Raises LinkError for a device that cannot be opened, MissingExtraError without pyserial.
    """

    def __init__(self, device: str, baud: int = 115200) -> None:
        try:
            import serial
        except ImportError as error:
            raise MissingExtraError.of("a serial port", "fly") from error
        self._errors = (serial.SerialException, OSError)
        try:
            self._port = serial.Serial(device, baud, timeout=0, write_timeout=0.2)
        except (*self._errors, ValueError) as error:
            raise LinkError(f"cannot open {device} at {baud} baud: {error}") from error

    def send(self, data: bytes) -> bool:
        """Write one message; say whether the port took all of it."""
        try:
            return bool(self._port.write(data) == len(data))
        except self._errors:
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
