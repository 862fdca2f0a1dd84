"""From a stream's timestamps to this computer's clock."""

DRIFT = 1e-4  # of a camera's clock against ours; cheap crystals stay under half of it


class StreamClock:
    """The offset between the clocks is the least delay seen, so network jitter falls away.

    It may rise by DRIFT, so that a clock that runs slow is followed. What is left is the least
    delay of camera and network, which the user's camera delay stands for.

    >>> clock = StreamClock()
    >>> [clock.monotonic_us(t, arrived_us=a) for t, a in ((0, 5_000), (40, 9_000), (80, 5_080))]
    [5000, 5040, 5080]
    """

    def __init__(self) -> None:
        self._offset_us: float | None = None
        self._last_us = 0
        self._arrived_us = 0

    def monotonic_us(self, stream_us: int | None, arrived_us: int) -> int:
        """Return when a frame that carries `stream_us` (None: no timestamp) was sent."""
        if stream_us is None:
            return arrived_us
        offset_us = float(arrived_us - stream_us)
        if self._offset_us is not None and stream_us >= self._last_us:
            drift_us = DRIFT * (arrived_us - self._arrived_us)
            offset_us = min(offset_us, self._offset_us + drift_us)
        self._offset_us, self._last_us, self._arrived_us = offset_us, stream_us, arrived_us
        return round(stream_us + offset_us)
