"""The embedded demo: a procedural landscape, a flight over it, and what the localiser says."""
