"""A flight as GPX 1.1 (topografix.com/GPX/1/1): a waypoint a fix, a track of the estimates."""

from xml.sax.saxutils import escape

from edgegeo.logs.growing import GrowingFile, is_given
from edgegeo.sighting import Estimate
from edgegeo.types import Fix


class GpxLog(GrowingFile):
    """Accepted fixes, then the track; a new segment starts where there was no position.

    The schema wants every waypoint before the track, and of a point's parts the time first.
    """

    def begin(self) -> None:
        self._segments: list[list[str]] = [[]]
        self.text.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="edgegeo">\n'
        )

    def add(self, frame: str | int, fix: Fix) -> None:
        if fix.accepted and fix.lat_deg is not None and fix.lon_deg is not None:
            place = self._place(fix.time_us, fix.lat_deg, fix.lon_deg)
            name = f"<name>{escape(str(frame))}</name>"
            about = f"<desc>probability {fix.probability:.3f}, sigma {fix.sigma_m:.1f} m</desc>"
            self.text.write(f"<wpt {place}{name}{about}</wpt>\n")

    def add_estimate(self, estimate: Estimate) -> None:
        if is_given(estimate) and estimate.lat_deg is not None and estimate.lon_deg is not None:
            place = self._place(estimate.time_us, estimate.lat_deg, estimate.lon_deg)
            self._segments[-1].append(f"<trkpt {place}</trkpt>")
        elif self._segments[-1]:
            self._segments.append([])

    def end(self) -> None:
        segments = [f"<trkseg>{''.join(s)}</trkseg>" for s in self._segments if s]
        if segments:
            self.text.write(f"<trk><name>estimate</name>{''.join(segments)}</trk>\n")
        self.text.write("</gpx>\n")

    def _place(self, time_us: int, lat_deg: float, lon_deg: float) -> str:
        """The attributes of a point, the end of its start tag, and its time."""
        when = self.time_of_day(time_us)
        time = f"<time>{when}</time>" if when else ""
        # The schema's longitude is below 180, not at it.
        lon_deg = -180.0 if lon_deg >= 180 else lon_deg
        return f'lat="{lat_deg:.8f}" lon="{lon_deg:.8f}">{time}'
