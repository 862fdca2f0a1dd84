"""From maps to the engine folder a drone carries: whole or not at all, and resumable."""
