"""Networks to files: at the desk only."""
