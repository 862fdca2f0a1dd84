"""The JSON schemas of what a flight log holds, for viewers that draw by them.

LocationFix, CompressedImage and Log carry the fields of Foxglove's messages of these names
(docs.foxglove.dev/docs/sdk/schemas); what stands in the others is the dataclass of that name.
"""

import json
from typing import Any

LOCATION = "foxglove.LocationFix"
IMAGE = "foxglove.CompressedImage"
NOTE = "foxglove.Log"

_NUMBER, _TEXT, _WHOLE = {"type": "number"}, {"type": "string"}, {"type": "integer"}
_TIME = {
    "type": "object",
    "title": "time",
    "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}},
}
_FIELDS: dict[str, dict[str, Any]] = {
    LOCATION: {
        "timestamp": _TIME,
        "frame_id": _TEXT,
        "latitude": _NUMBER,
        "longitude": _NUMBER,
        "altitude": _NUMBER,
        "position_covariance": {"type": "array", "items": _NUMBER, "minItems": 9, "maxItems": 9},
        "position_covariance_type": _WHOLE,
    },
    IMAGE: {
        "timestamp": _TIME,
        "frame_id": _TEXT,
        "data": {"type": "string", "contentEncoding": "base64"},
        "format": _TEXT,
    },
    NOTE: {
        "timestamp": _TIME,
        "level": _WHOLE,
        "message": _TEXT,
        "name": _TEXT,
        "file": _TEXT,
        "line": _WHOLE,
    },
}


def schema(name: str) -> bytes:
    """Return the JSON schema of a message as UTF-8; any object for names of our own."""
    body: dict[str, Any] = {"title": name, "type": "object"}
    if name in _FIELDS:
        body["properties"] = _FIELDS[name]
    return json.dumps(body).encode()
