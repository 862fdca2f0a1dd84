"""NMEA and UBX as a receiver sends them: by hand, and read back by other people's parsers."""

import struct
from datetime import datetime, timezone

import pytest

from edgegeo.autopilot.nmea import sentences
from edgegeo.autopilot.ubx import nav_pvt
from edgegeo.errors import RangeError
from tests.autopilot.fixes import a_fix

UTC_US = 1_700_000_000_250_000  # 2023-11-14 22:13:20.250


def lines(fix, utc_us=UTC_US):
    return sentences(fix, utc_us).decode().splitlines(keepends=True)


def with_checksum(body):
    total = 0
    for byte in body.encode():
        total ^= byte
    return f"${body}*{total:02X}\r\n"


def test_nmea_by_hand():
    """0.4371234 degrees are 26.227404 minutes; 5 m/s are 9.72 knots towards 306.9 degrees."""
    place = "5926.227404,N,02445.207402,W"
    assert lines(a_fix()) == [
        with_checksum("GPGST,221320.250,4.00,4.00,3.00,0.0,4.00,3.00,2.00"),
        with_checksum(f"GPGGA,221320.250,{place},1,10,0.8,150.50,M,,M,,"),
        with_checksum(f"GPRMC,221320.250,A,{place},9.72,306.9,141123,,,A"),
    ]


def test_nmea_is_read_back_by_pynmea2():
    pynmea2 = pytest.importorskip("pynmea2")
    gst, gga, rmc = (pynmea2.parse(line, check=True) for line in lines(a_fix()))
    for sentence in (gga, rmc):
        assert sentence.latitude == pytest.approx(59.4371234, abs=1e-8)
        assert sentence.longitude == pytest.approx(-24.7534567, abs=1e-8)
    assert gga.altitude == 150.5
    assert rmc.datetime == datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=timezone.utc)
    assert (gst.std_dev_latitude, gst.std_dev_longitude) == (4.0, 3.0)


def test_the_ellipse_of_gst_points_along_the_larger_axis():
    """Axes of 5 and 1 m, the larger towards 60 degrees east of north."""
    cov = (25 * 0.75 + 0.25, 24 * 0.5 * 0.75**0.5, 25 * 0.25 + 0.75)
    gst = lines(a_fix(cov_m2=cov))[0].split(",")
    assert gst[2:6] == ["5.00", "5.00", "1.00", "60.0"]


@pytest.mark.parametrize(
    ("lat", "expected"),
    [
        (59.99999999999, "6000.000000,N"),
        (-0.0000001, "0000.000006,S"),
        (90.0, "9000.000000,N"),
        (9.5, "0930.000000,N"),
    ],
)
def test_minutes_never_show_as_sixty(lat, expected):
    assert ",".join(lines(a_fix(lat_deg=lat))[1].split(",")[2:4]) == expected


def test_an_altitude_that_is_not_known_is_an_empty_field():
    gst, gga, _rmc = lines(a_fix(alt_m=None))
    assert gga.split(",")[9] == ""
    assert gst.split(",")[8].startswith("*")


def test_a_velocity_that_is_not_known_is_refused_unless_none_is_fused():
    """PX4 reads an empty speed as zero, and as measured."""
    still = a_fix(north_m_s=None)
    with pytest.raises(RangeError, match="without_velocity"):
        sentences(still, UTC_US)
    for fix in (still, a_fix()):
        rmc = sentences(fix, UTC_US, without_velocity=True).decode().splitlines()[2]
        assert rmc.split(",")[7:9] == ["", ""]


def test_ubx_nav_pvt_by_hand():
    payload = struct.pack("<IHBBBBBB", 252_818_250, 2023, 11, 14, 22, 13, 20, 7)
    payload += struct.pack("<Ii", 10_000_000, 250_000_000)
    payload += struct.pack("<BBBB", 3, 1, 0, 10)
    payload += struct.pack("<iiii", -247534567, 594371234, 150_500, 150_500)
    payload += struct.pack("<II", 4000, 2000)
    payload += struct.pack("<iiiii", 3000, -4000, 0, 5000, 30_686_990)
    payload += struct.pack("<IIH", 500, 18_000_000, 80) + bytes(14)
    assert len(payload) == 92
    body = b"\x01\x07\x5c\x00" + payload
    first = second = 0
    for byte in body:
        first = (first + byte) % 256
        second = (second + first) % 256
    assert nav_pvt(a_fix(), UTC_US) == b"\xb5\x62" + body + bytes([first, second])


def test_ubx_is_read_back_by_pyubx2():
    pyubx2 = pytest.importorskip("pyubx2")
    message = pyubx2.UBXReader.parse(nav_pvt(a_fix(), UTC_US))
    assert message.identity == "NAV-PVT"
    assert (message.lat, message.lon) == pytest.approx((59.4371234, -24.7534567))
    assert (message.hAcc, message.vAcc, message.fixType, message.gnssFixOk) == (4000, 2000, 3, 1)
    assert (message.velN, message.velE, message.pDOP) == (3000, -4000, 0.8)
    unknown = pyubx2.UBXReader.parse(nav_pvt(a_fix(alt_m=None, north_m_s=None), UTC_US))
    assert (unknown.vAcc, unknown.sAcc) == (2**32 - 1, 2**32 - 1)


@pytest.mark.parametrize("write", [sentences, nav_pvt])
def test_a_clock_that_was_never_set_makes_no_time(write):
    with pytest.raises(RangeError, match="utc_us"):
        write(a_fix(), 12_000_000)
