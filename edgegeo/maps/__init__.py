"""Georeferenced rasters, and how they are cut into tiles."""
