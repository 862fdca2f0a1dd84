"""What a flight holds does not grow with its length."""

import gc
import tracemalloc

import pytest

pytest.importorskip("cv2")
pytest.importorskip("mcap")
pytest.importorskip("pymavlink")

from edgegeo.fly.tally import Problems
from tests.bench.bench_memory import fly_on
from tests.fly.truthful import Plain, Truthful


def test_after_a_minute_it_holds_what_it_held_after_twenty_seconds(tmp_path):
    """200 frames and 400 positions lie between: a fix kept of each would be 300 kB."""
    scene, held = Plain(), []
    tracemalloc.start()
    for _ in fly_on(scene, Truthful(scene, 0.0), tmp_path / "flight.mcap", 60.0, 5.0):
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert min(held[-4:-1]) - min(held[4:7]) < 50_000


def test_sentences_that_never_come_again_are_forgotten():
    said = []
    problems = Problems(lambda _us, text: said.append(text))
    for k in range(1000):
        problems.update(k * 1_000_000, [f"no file {'abcdefghij'[k % 10]}{chr(0x4E00 + k)}"])
    assert len(said) == 1000
    assert len(problems._said_us) <= 11
