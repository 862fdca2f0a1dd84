"""Flights written down: MCAP, JSON lines, CSV, GeoJSON, KML, GPX."""

from edgegeo.logs.csvlog import CsvLog as CsvLog
from edgegeo.logs.geojson import GeoJsonLog as GeoJsonLog
from edgegeo.logs.gpx import GpxLog as GpxLog
from edgegeo.logs.jsonl import fix_line as fix_line
from edgegeo.logs.kml import KmlLog as KmlLog
from edgegeo.logs.mcaplog import FlightLog as FlightLog
from edgegeo.logs.mcapread import read_log as read_log
