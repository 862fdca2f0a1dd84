"""`edgegeo fly`: frames in, positions out, everything logged, and silence when in doubt."""
