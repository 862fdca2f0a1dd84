"""`engine bench`: one table, of this engine, with figures that add up."""

import numpy as np
import pytest

from edgegeo.board.bench import SIZE_PX, bench, made_frame, stretched
from edgegeo.board.memory import resident
from edgegeo.engine import open_engine
from edgegeo.errors import RangeError
from tests.sample_engine import LAT, LON, sample_engine, sample_map


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return sample_engine(tmp_path_factory.mktemp("engine"))


def test_the_table(engine):
    found = bench(engine, frames=4, threads=1)
    assert found.stages_ms.shape == (4, 6)
    assert (found.stages_ms[:, :5] > 0).all()
    assert found.candidates > 0
    text, table = str(found).split("\n\n")
    assert "49 tiles" in text
    assert "1 threads; 4 frames" in text
    lines = table.splitlines()
    assert lines[0] == "| stage | p50 ms | p99 ms | share |"
    assert len({line.count("|") for line in lines}) == 1  # Markdown wants as many cells each
    stages = ("rectify", "encode", "search", "pairs", "rank", "fix", "**locate**", "start to")
    for line, stage in zip(lines[2:], stages, strict=False):
        assert line.startswith(f"| {stage}")
    total = np.median(found.stages_ms.sum(axis=1))
    assert f"| **locate** | {total:.2f} |" in table


def test_the_frame_shows_the_middle_of_the_map(engine):
    gallery = open_engine(engine).gallery
    frame, gsd_m = made_frame(gallery, 50.0)
    width, height = SIZE_PX
    assert frame.shape == (height, width, 3)
    assert gsd_m == 50.0 / height
    truth, _ = sample_map().crop(LAT, LON, 50.0, height)
    seen = frame[:, (width - height) // 2 : (width + height) // 2]
    assert np.corrcoef(seen.ravel(), truth.ravel())[0, 1] > 0.8


def test_a_ramp_stays_a_ramp_when_it_is_stretched():
    ramp = np.repeat(np.arange(0, 250, 25, dtype=np.uint8)[None, :, None], 3, axis=2)
    ramp = np.repeat(ramp, 2, axis=0)
    out = stretched(ramp, (100, 8)).astype(int)
    assert out.shape == (8, 100, 3)
    steps = np.diff(out[0, 5:95, 0])
    assert set(steps) <= {2, 3}


def test_no_frame_is_no_bench(engine):
    with pytest.raises(RangeError, match="frames must be 1 or more"):
        bench(engine, frames=0)


def test_anonymous_memory_is_what_a_process_fills():
    before = resident()
    filled = np.ones(40_000_000, np.uint8)
    after = resident()
    assert 35 < after.anonymous_mb - before.anonymous_mb < 60
    assert after.file_mb > 1
    del filled
