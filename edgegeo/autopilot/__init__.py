"""Position out to an autopilot, attitude and height in from it: one file per path."""
