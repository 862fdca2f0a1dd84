"""Fixes as GeoJSON (RFC 7946): a point a frame, and the tracks of fixes and estimates."""

import json

from edgegeo.logs.growing import GrowingFile, is_given
from edgegeo.logs.jsonl import fix_record
from edgegeo.sighting import Estimate
from edgegeo.types import Fix

PROPERTIES = (
    *("frame", "time_us", "accepted", "reject"),
    *("cov_ee_m2", "cov_en_m2", "cov_nn_m2", "sigma_m", "probability"),
)


class GeoJsonLog(GrowingFile):
    """A FeatureCollection that any GIS opens; a frame without a position has a null geometry.

    Coordinates are (longitude, latitude), as the format has it.
    """

    def begin(self) -> None:
        self._track: list[tuple[float, float]] = []
        self._flown: list[tuple[float, float]] = []
        self._comma = ""
        self.text.write('{"type": "FeatureCollection", "features": [')

    def add(self, frame: str | int, fix: Fix) -> None:
        record = fix_record(frame, fix)
        lon_deg, lat_deg = record["lon_deg"], record["lat_deg"]
        point = None
        if lon_deg is not None and lat_deg is not None:
            point = {"type": "Point", "coordinates": [lon_deg, lat_deg]}
            if fix.accepted:
                self._track.append((lon_deg, lat_deg))
        self._feature(point, {name: record[name] for name in PROPERTIES})

    def add_estimate(self, estimate: Estimate) -> None:
        if is_given(estimate) and estimate.lat_deg is not None and estimate.lon_deg is not None:
            self._flown.append((round(estimate.lon_deg, 8), round(estimate.lat_deg, 8)))

    def end(self) -> None:
        for name, track in (("accepted", self._track), ("estimate", self._flown)):
            if len(track) > 1:
                self._feature({"type": "LineString", "coordinates": track}, {"track": name})
        self.text.write("\n]}\n")

    def _feature(self, geometry: object, properties: object) -> None:
        feature = {"type": "Feature", "geometry": geometry, "properties": properties}
        self.text.write(f"{self._comma}\n{json.dumps(feature, allow_nan=False)}")
        self._comma = ","
