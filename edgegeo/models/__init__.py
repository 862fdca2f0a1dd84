"""The networks, in PyTorch: at the desk only, never on the drone."""
