"""The demo with stand-in networks: it runs through, says what it did, and says it again."""

import json

import pytest

from edgegeo.demo import flight
from edgegeo.demo.run import demo
from edgegeo.errors import RangeError
from edgegeo.types import Reject
from tests.tiny_model import write_model

FRAMES = 10


@pytest.fixture(autouse=True)
def small_landscape(monkeypatch):
    monkeypatch.setattr(flight, "SIDE_M", 480.0)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"))


def test_the_demo_makes_an_engine_frames_truth_and_report(model, tmp_path, capsys):
    summary = demo(tmp_path, frames=FRAMES, model=model)

    assert summary.report == tmp_path / "report.html"
    assert summary.report.stat().st_size > 10_000
    assert json.loads((summary.engine / "manifest.json").read_text())["format_version"] == 2
    assert len(list((tmp_path / "frames").iterdir())) == FRAMES
    assert len((tmp_path / "truth.csv").read_text().splitlines()) == FRAMES + 1
    assert summary.figures.frames == FRAMES
    assert summary.fixes[4][1].reject is Reject.NO_DETAIL  # the covered lens
    printed = capsys.readouterr().out
    assert printed.count("frame_") == FRAMES
    assert str(summary.report) in printed
    assert "no detail" in printed


def test_the_same_seed_gives_the_same_fixes(model, tmp_path):
    first, again = (
        demo(tmp_path / name, seed=3, frames=2, model=model).fixes for name in ("a", "b")
    )
    for (name, fix), (same_name, same_fix) in zip(first, again, strict=True):
        assert name == same_name
        assert fix.lat_deg == same_fix.lat_deg
        assert fix.probability == same_fix.probability
        assert fix.candidates == same_fix.candidates


@pytest.mark.parametrize("wrong", [{"frames": 1}, {"seed": -1}])
def test_settings_out_of_range_are_refused(model, wrong):
    with pytest.raises(RangeError):
        demo(model=model, **wrong)
