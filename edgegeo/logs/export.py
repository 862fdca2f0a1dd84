"""Turn a flight log into a file of another format."""

from os import PathLike
from pathlib import Path

from edgegeo.errors import DataError
from edgegeo.logs.csvlog import CsvLog
from edgegeo.logs.geojson import GeoJsonLog
from edgegeo.logs.gpx import GpxLog
from edgegeo.logs.growing import GrowingFile
from edgegeo.logs.kml import KmlLog
from edgegeo.logs.mcapread import read_log
from edgegeo.logs.rrd import write_rrd

FORMATS: dict[str, type[GrowingFile]] = {
    "geojson": GeoJsonLog,
    "kml": KmlLog,
    "gpx": GpxLog,
    "csv": CsvLog,
}
RERUN = "rrd"


def export_log(
    log: str | PathLike[str], out: str | PathLike[str], format: str | None = None
) -> bool:
    """Write the fixes and the track of a flight log to `out`; return whether the log was whole.

    The format is that of the name's ending where none is given. A table (csv) holds the fixes
    only, a Rerun recording (rrd) everything. A log that ends early, as after a kill, is exported
    up to there.
    """
    name = format or Path(out).suffix.lstrip(".").lower()
    if name not in (*FORMATS, RERUN):
        known = ", ".join((*FORMATS, RERUN))
        raise DataError(f"unknown format {name!r} of {out}: expected one of {known}")
    if Path(out).resolve() == Path(log).resolve():
        raise DataError(f"{out} is the log itself: name another file to write")
    records = read_log(log)
    if name == RERUN:
        write_rrd(records, Path(out))
        return not records.truncated
    with FORMATS[name](out, records.epoch_us) as file:
        for record in records:
            if record.topic == "/fix/full":
                file.add(*record.value)
            elif record.topic == "/estimate/full":
                file.add_estimate(record.value)
    return not records.truncated
