"""Fixes as a CSV table: the JSON line without its lists."""

import csv

from edgegeo.logs.growing import GrowingFile
from edgegeo.logs.jsonl import fix_record
from edgegeo.types import Fix

COLUMNS = (
    *("frame", "time_us", "accepted", "reject", "lat_deg", "lon_deg"),
    *("cov_ee_m2", "cov_en_m2", "cov_nn_m2", "sigma_m", "probability"),
)


class CsvLog(GrowingFile):
    """One row a frame; an unknown value is an empty cell, `accepted` is 1 or 0."""

    def begin(self) -> None:
        self._writer = csv.writer(self.text, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def add(self, frame: str | int, fix: Fix) -> None:
        record = fix_record(frame, fix) | {"accepted": int(fix.accepted)}
        self._writer.writerow([record[column] for column in COLUMNS])
