"""A flight as a Rerun recording: places on a map, frames, states and numbers over time.

Rerun's map view fetches its background online; the recording itself is made offline.
"""

from pathlib import Path

from edgegeo.errors import MissingExtraError
from edgegeo.logs.mcapread import FlightRecords

GREEN, GREY, ORANGE, BLUE = (0, 192, 0), (128, 128, 128), (255, 128, 0), (0, 96, 255)


def write_rrd(records: FlightRecords, out: Path) -> None:
    """Write everything a flight log holds to `out`. Raises MissingExtraError without rerun-sdk."""
    try:
        import rerun as rr
    except ImportError as error:
        raise MissingExtraError.of("a Rerun recording", "rerun") from error
    partial = out.with_name(out.name + ".partial")
    recording = rr.RecordingStream("edgegeo")
    recording.save(partial)

    def place(entity: str, lat_deg: float, lon_deg: float, colour: tuple[int, int, int]) -> None:
        at = rr.GeoPoints(lat_lon=[(lat_deg, lon_deg)], colors=[colour])
        recording.log(entity, at)

    for topic, time_us, value in records:
        recording.set_time("flight", duration=1e-6 * time_us)
        if topic == "/fix/full":
            _, fix = value
            if fix.lat_deg is not None and fix.lon_deg is not None:
                place("fix", fix.lat_deg, fix.lon_deg, GREEN if fix.accepted else GREY)
            recording.log("fix_probability", rr.Scalars(fix.probability))
        elif topic == "/estimate/full":
            if value.lat_deg is not None and value.lon_deg is not None:
                place("estimate", value.lat_deg, value.lon_deg, ORANGE)
                recording.log("sigma_m", rr.Scalars(value.sigma_m))
            recording.log("probability", rr.Scalars(value.probability))
        elif topic == "/truth":
            lat_deg, lon_deg = value
            place("truth", lat_deg, lon_deg, BLUE)
        elif topic == "/state":
            reason = f": {value['reason']}" if value["reason"] else ""
            recording.log("state", rr.TextLog(f"{value['state']}{reason}"))
        elif topic == "/timings_ms":
            for stage, spent_ms in value.items():
                recording.log(f"timings_ms/{stage}", rr.Scalars(spent_ms))
        elif topic == "/frame":
            recording.log("frame", rr.EncodedImage(contents=value[1], media_type="image/jpeg"))
    recording.flush()
    recording.disconnect()
    partial.replace(out)
