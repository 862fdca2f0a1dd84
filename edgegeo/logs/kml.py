"""A flight as KML 2.2 (OGC 07-147r2) for Google Earth: a placemark a fix, a line for the track."""

from xml.sax.saxutils import escape

from edgegeo.logs.growing import GrowingFile, is_given
from edgegeo.sighting import Estimate
from edgegeo.types import Fix

STYLES = """\
<Style id="accepted"><IconStyle><color>ff00c000</color><scale>0.5</scale></IconStyle>\
<LabelStyle><scale>0</scale></LabelStyle></Style>
<Style id="rejected"><IconStyle><color>ff808080</color><scale>0.4</scale></IconStyle>\
<LabelStyle><scale>0</scale></LabelStyle></Style>
<Style id="track"><LineStyle><color>ff0080ff</color><width>3</width></LineStyle></Style>
"""


class KmlLog(GrowingFile):
    """Fixes with a position, and the track of the estimates; it is broken where there was none.

    Coordinates are longitude, latitude, clamped to the ground.
    """

    def begin(self) -> None:
        self._tracks: list[list[str]] = [[]]
        self.text.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
            f"<name>{escape(self.path.stem)}</name>\n{STYLES}"
        )

    def add(self, frame: str | int, fix: Fix) -> None:
        if fix.lat_deg is None or fix.lon_deg is None:
            return
        when = self.time_of_day(fix.time_us)
        stamp = f"<TimeStamp><when>{when}</when></TimeStamp>" if when else ""
        style = "accepted" if fix.accepted else "rejected"
        facts = {
            "probability": fix.probability,
            "sigma_m": fix.sigma_m,
            "reject": fix.reject.name if fix.reject is not None else None,
        }
        data = "".join(
            f'<Data name="{name}"><value>{value}</value></Data>'
            for name, value in facts.items()
            if value is not None
        )
        self.text.write(
            f"<Placemark><name>{escape(str(frame))}</name>{stamp}<styleUrl>#{style}</styleUrl>"
            f"<ExtendedData>{data}</ExtendedData><Point><coordinates>"
            f"{fix.lon_deg:.8f},{fix.lat_deg:.8f}</coordinates></Point></Placemark>\n"
        )

    def add_estimate(self, estimate: Estimate) -> None:
        if is_given(estimate):
            self._tracks[-1].append(f"{estimate.lon_deg:.8f},{estimate.lat_deg:.8f}")
        elif self._tracks[-1]:
            self._tracks.append([])

    def end(self) -> None:
        lines = [
            f"<LineString><tessellate>1</tessellate><coordinates>{' '.join(track)}"
            "</coordinates></LineString>"
            for track in self._tracks
            if len(track) > 1
        ]
        if lines:
            self.text.write(
                "<Placemark><name>estimate</name><styleUrl>#track</styleUrl><MultiGeometry>"
                f"{''.join(lines)}</MultiGeometry></Placemark>\n"
            )
        self.text.write("</Document></kml>\n")
