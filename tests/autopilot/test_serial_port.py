"""A serial port that carries bytes to a GPS input."""

import os

import pytest

pytest.importorskip("serial")

from edgegeo.autopilot.serial_port import SerialPort
from edgegeo.errors import LinkError


@pytest.fixture
def device(tmp_path):
    """A device by a name that stays, and what plugs it in; its other end is returned."""
    name, ends = tmp_path / "ttyGPS", []

    def plug():
        ends[:] = os.openpty()
        name.unlink(missing_ok=True)
        name.symlink_to(os.ttyname(ends[1]))
        return ends[0]

    def unplug():
        while ends:
            os.close(ends.pop())

    yield name, plug, unplug
    unplug()


def test_a_serial_port_passes_bytes_on_also_after_it_was_unplugged(device):
    name, plug, unplug = device
    controller = plug()
    with SerialPort(str(name)) as gps:
        assert gps.send(b"$GPGGA*00\r\n")
        assert os.read(controller, 100) == b"$GPGGA*00\r\n"
        unplug()
        name.unlink()
        assert not gps.send(b"$GPGGA*00\r\n")
        assert not gps.send(b"$GPGGA*00\r\n")
        controller = plug()
        assert gps.send(b"$GPRMC*00\r\n")
        assert os.read(controller, 100) == b"$GPRMC*00\r\n"


def test_a_port_that_reads_nothing_costs_messages_and_no_time(device):
    name, plug, _unplug = device
    plug()
    with SerialPort(str(name)) as gps:
        took = [gps.send(bytes(4096)) for _ in range(8)]
    assert took[0]
    assert not took[-1]


def test_a_device_that_is_not_there_is_told():
    with pytest.raises(LinkError, match="no_such_port"):
        SerialPort("/dev/no_such_port")
