"""Write a PNG with nothing but zlib, so that a report needs no imaging package."""

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import ShapeError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
UP = 2  # the row filter "difference to the row above"


def encode(rgb: NDArray[np.uint8]) -> bytes:
    """Return the PNG file of a (h, w, 3) RGB, (h, w, 4) RGBA or (h, w) grey uint8 picture.

    >>> encode(np.zeros((2, 3, 3), np.uint8))[:4]
    b'\\x89PNG'
    """
    channels = {2: 1}.get(rgb.ndim, rgb.shape[-1] if rgb.ndim == 3 else 0)
    if rgb.dtype != np.uint8 or channels not in (1, 3, 4) or rgb.size == 0:
        raise ShapeError.of("picture", "(h, w), (h, w, 3) or (h, w, 4) uint8", rgb.shape)
    height, width = rgb.shape[:2]
    rows = np.ascontiguousarray(rgb).reshape(height, width * channels)
    filtered = np.full((height, width * channels + 1), UP, np.uint8)
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]  # modulo 256, as the format wants
    colour = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = zlib.compress(filtered.tobytes(), 6)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def data_uri(rgb: NDArray[np.uint8]) -> str:
    """Return the picture as a data URI for an HTML page."""
    return "data:image/png;base64," + base64.b64encode(encode(rgb)).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc
