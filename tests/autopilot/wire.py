"""MAVLink 2 frames put together by hand from the specification, for the tests to compare with.

https://mavlink.io/en/guide/serialization.html: payload fields by falling size, trailing zeros cut,
X.25 checksum over header, payload and the message's CRC_EXTRA.
"""

import struct

SYSTEM, COMPONENT = 1, 197


def x25(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        low = byte ^ (crc & 0xFF)
        low = (low ^ (low << 4)) & 0xFF
        crc = (crc >> 8) ^ (low << 8) ^ (low << 3) ^ (low >> 4)
    return crc & 0xFFFF


def frame(message_id: int, crc_extra: int, payload: bytes, sequence: int = 0) -> bytes:
    payload = payload.rstrip(b"\0") or b"\0"
    head = struct.pack("<BBBBBB", len(payload), 0, 0, sequence, SYSTEM, COMPONENT)
    body = head + message_id.to_bytes(3, "little") + payload
    return b"\xfd" + body + struct.pack("<H", x25(body + bytes([crc_extra])))


def packed(message) -> bytes:
    """The same message by pymavlink."""
    from pymavlink.dialects.v20 import ardupilotmega

    sender = ardupilotmega.MAVLink(None, srcSystem=SYSTEM, srcComponent=COMPONENT)
    return bytes(message.pack(sender))


def decoded(data: bytes):
    """What pymavlink, as a reader of its own, makes of the bytes."""
    from pymavlink.dialects.v20 import ardupilotmega

    (message,) = ardupilotmega.MAVLink(None).parse_buffer(data)
    return message
