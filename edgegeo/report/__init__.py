"""One self-contained HTML page of a located flight: map, tracks, frames and candidates."""

from edgegeo.report.mosaic import frame_thumbnail as frame_thumbnail
from edgegeo.report.page import write_report as write_report
from edgegeo.report.pagelog import PageLog as PageLog
