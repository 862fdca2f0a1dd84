"""What is said of a line that cannot be opened."""

import pytest

pytest.importorskip("pymavlink")

from edgegeo.autopilot.connection import open_connection
from edgegeo.autopilot.link import Link
from edgegeo.errors import LinkError, RangeError
from tests.autopilot.listening import port as port


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pymavlink's leak
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "must be one of udpin"),
        ("udpin:14550", "must be one of udpin"),
        ("carrier:pigeon:1", "carrier"),
        ("udpin:127.0.0.1:0", r"1\.\.65535"),
        ("udpin:127.0.0.1:99999", r"1\.\.65535"),
        ("udpin:192.0.2.1:14550", "cannot open"),
        ("tcp:127.0.0.1:9", "cannot open"),
        ("serial:/dev/no_such_port:57600", "cannot open"),
    ],
)
def test_a_connection_that_cannot_be_opened_is_told(name, message):
    with pytest.raises(LinkError, match=message):
        Link(name)


def test_a_port_that_another_program_listens_at_is_left_to_it(port):
    with Link(f"udpin:127.0.0.1:{port}"), pytest.raises(LinkError, match="in use"):
        Link(f"udpin:127.0.0.1:{port}")
    with Link(f"udpin:127.0.0.1:{port}"):
        pass


def test_a_dialect_or_a_key_that_is_none():
    with pytest.raises(LinkError, match="ardupilotmega, common"):
        open_connection("udpin:127.0.0.1:14550", dialect_name="klingon")
    with pytest.raises(RangeError, match="32 bytes"):
        open_connection("udpin:127.0.0.1:14550", signing_key=b"short")
