"""An engine on the board that flies it: does it compute what the desk computed, and how fast."""
