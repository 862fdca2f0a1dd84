"""Maps seen as a camera over them would: frames with known truth."""
