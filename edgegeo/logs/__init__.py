"""Fixes written down: JSON lines, CSV, GeoJSON, a page."""

from edgegeo.logs.csvlog import CsvLog as CsvLog
from edgegeo.logs.geojson import GeoJsonLog as GeoJsonLog
from edgegeo.logs.jsonl import fix_line as fix_line
from edgegeo.logs.pagelog import PageLog as PageLog
