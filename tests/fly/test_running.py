"""The loop around a flight's parts: its output keeps to the clock it is given."""

import threading
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("cv2")
pytest.importorskip("pymavlink")

from edgegeo.fly.running import fly
from edgegeo.sources import SourceState


class Simulated:
    """A clock at a fifth of the pace, which can be stopped."""

    def __init__(self):
        self.now_us, self.runs, self._last_s = 5_000_000, True, time.monotonic()

    def __call__(self):
        now_s = time.monotonic()
        if self.runs:
            self.now_us += round(0.2e6 * (now_s - self._last_s))
        self._last_s = now_s
        return self.now_us


def test_on_a_simulated_clock_the_output_comes_at_its_rate_and_goes_on_after_a_stop():
    clock, ticks, stop = Simulated(), [], threading.Event()
    flight = SimpleNamespace(
        step=lambda: time.sleep(0.01),
        source=SimpleNamespace(status=SimpleNamespace(state=SourceState.RUNNING)),
        telling=SimpleNamespace(tick=ticks.append, unsent=None),
        problems=list,
    )
    flying = threading.Thread(
        target=fly,
        args=(flight,),
        kwargs={"rate_hz": 20, "stop": stop, "clock": clock, "say": lambda *_: None},
    )
    flying.start()
    try:
        time.sleep(1.5)
        clock.runs = False
        time.sleep(0.2)
        before = len(ticks)
        time.sleep(1.0)
        assert len(ticks) == before
        clock.runs = True
        end_s = time.monotonic() + 10
        while len(ticks) < before + 2 and time.monotonic() < end_s:
            time.sleep(0.01)
    finally:
        stop.set()
        flying.join()
    periods = 20 * 1e-6 * (ticks[-1] - ticks[0])
    assert before + 2 <= len(ticks) <= periods + 2
