"""What memory this process holds, as Linux counts it."""

from pathlib import Path
from typing import NamedTuple

STATUS = Path("/proc/self/status")


class Resident(NamedTuple):
    """Pages in memory. Anonymous ones are the process's own; file pages can be taken back."""

    anonymous_mb: float
    file_mb: float


def resident() -> Resident:
    """Return RssAnon and RssFile of this process, in units of 1e6 bytes."""
    fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    kib = [int(fields[name].split()[0]) for name in ("RssAnon", "RssFile")]
    return Resident(*(each * 1024 / 1e6 for each in kib))
