"""Self-contained HTML pages: of located frames, and of a flight's log."""

from edgegeo.report.flightpage import write_flight_report as write_flight_report
from edgegeo.report.mosaic import frame_thumbnail as frame_thumbnail
from edgegeo.report.page import write_report as write_report
from edgegeo.report.pagelog import PageLog as PageLog
