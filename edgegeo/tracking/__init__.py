"""The parts of the tracker: motion between fixes, the belief, and what it says of an error."""
