"""A serial port that carries bytes to a GPS input."""

import os

import pytest

pytest.importorskip("serial")

from edgegeo.autopilot.serial_port import SerialPort
from edgegeo.errors import LinkError


def test_a_serial_port_passes_bytes_on_and_survives_being_unplugged():
    controller, device = os.openpty()
    with SerialPort(os.ttyname(device)) as gps:
        assert gps.send(b"$GPGGA*00\r\n")
        assert os.read(controller, 100) == b"$GPGGA*00\r\n"
        os.close(controller)
        os.close(device)
        assert not gps.send(b"$GPGGA*00\r\n")
    with pytest.raises(LinkError, match="no_such_port"):
        SerialPort("/dev/no_such_port")
