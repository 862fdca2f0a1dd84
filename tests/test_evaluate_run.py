"""A whole evaluation with a localizer that answers from a script."""

import json
import sys
from types import SimpleNamespace

import pytest

from edgegeo.errors import DataError, EdgegeoError
from edgegeo.evaluation.noise import NoiseProtocol
from edgegeo.evaluation.row import blocks_of, read_rows
from edgegeo.evaluation.run import evaluate, evaluate_rows
from edgegeo.sources import open_frames
from edgegeo.truth import TruthRow, read_truth
from tests.fake_localizer import (
    FAR,
    GOOD,
    LAT0_DEG,
    LON0_DEG,
    LOST,
    FakeLocalizer,
    geo,
    write_frames,
    write_truth,
)

cv2 = pytest.importorskip("cv2")
SCRIPT = [GOOD, GOOD, FAR, LOST]


@pytest.fixture
def localizer(monkeypatch):
    fake = FakeLocalizer(SCRIPT)
    module = SimpleNamespace(Localizer=lambda *_, **__: fake)
    monkeypatch.setitem(sys.modules, "edgegeo.localizer", module)
    return fake


@pytest.fixture
def flight(tmp_path):
    return write_frames(tmp_path / "frames", 4), write_truth(tmp_path / "truth.csv", 4)


def test_rates_are_of_all_frames_and_errors_of_accepted_ones(localizer, flight, tmp_path):
    out, rows = tmp_path / "results.json", tmp_path / "rows.jsonl"
    results = evaluate("e", *flight, out=out, rows=rows, seed=5, progress=False)

    assert results["frames"] == 4
    assert results["accepted"] == 3
    assert results["rejects"] == {"NO_CANDIDATE": 1}
    assert results["recall_at_1_retrieval"] == 0  # tile 2 leads, 1 km away
    assert results["recall_at_1_reranked"] == 0.5
    assert results["recall_at_10_retrieval"] == 0.75
    assert results["within_5m"] == results["within_20m"] == results["within_50m"] == 0.5
    assert results["misleading"] == 0.25
    assert results["reranked_share"] == 0.5
    assert results["median_error_m"] == pytest.approx(1.0, abs=0.01)
    assert results["p95_error_m"] == pytest.approx(810.1, abs=0.5)  # between 1 and 900 m
    assert results["inside_1_sigma"] == pytest.approx(2 / 3)
    assert results["blocks"] == 2
    assert results["no_vision_within_20m"] == 0  # the tiles' middle is 350 m east
    assert results["seed"] == 5
    assert results["p50_ms"] <= results["p99_ms"]
    assert sum(row["count"] for row in results["reliability"]) == 4
    assert set(results["intervals_95"]) >= {"within_20m", "misleading", "recall_at_1_reranked"}
    assert results["settings"]["heading_given"]
    assert (results["settings"]["relevance_weight"], results["settings"]["gated"]) == (1.0, False)
    assert json.loads(out.read_text()) == json.loads(json.dumps(results))
    assert [row.frame for row in read_rows(rows)] == ["000.png", "001.png", "002.png", "003.png"]
    assert len(localizer.calls) == 5  # one to warm up


def test_what_locate_is_told(localizer, flight):
    evaluate("e", *flight, heading_noise_deg=0, gsd_noise=0, prior_radius_m=50, progress=False)
    told = localizer.calls[0]
    assert told["heading_deg"] == 90
    assert told["heading_sigma_deg"] == 1
    assert told["gsd_m"] == 0.25
    assert told["gsd_sigma"] == 0.02
    assert told["prior"].radius_m == 50


def test_what_is_withheld(localizer, flight):
    results = evaluate("e", *flight, no_heading=True, no_gsd=True, progress=False)
    assert localizer.calls[0]["heading_deg"] is None
    assert localizer.calls[0]["gsd_m"] is None
    assert localizer.calls[0]["prior"] is None
    assert not results["settings"]["heading_given"]
    assert not results["settings"]["gsd_given"]


def test_one_place_for_all_is_no_division(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("file,lat_deg,lon_deg,map\na,1,2,m\nb,1,2,m\n")
    assert blocks_of(read_truth(path), [0, 0]) == ["file a", "file b"]
    path.write_text("file,lat_deg,lon_deg,map\na,1,2,m\nb,1,2,m\nc,1,2,n\n")
    assert blocks_of(read_truth(path), [0] * 3) == ["place m", "place m", "place n"]


def test_a_right_candidate_is_within_half_a_tile(flight):
    frames, _ = flight
    lat, lon = geo(0.0, 49.9), geo(0.0, 50.1)
    truth = tuple(
        TruthRow(name=f"00{i}.png", lat_deg=float(p[0]), lon_deg=float(p[1]))
        for i, p in enumerate([lat, lon])
    )
    rows = evaluate_rows(FakeLocalizer(SCRIPT), open_frames(frames), truth, NoiseProtocol())
    assert [row.right_at_1_reranked for row in rows] == [True, False]


def test_rows_come_back_in_the_order_of_the_truth(tmp_path):
    path = tmp_path / "flight.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 1, (64, 48))
    for _ in range(6):
        writer.write(cv2.merge([cv2.UMat(48, 64, cv2.CV_8U).get() * 0] * 3))
    writer.release()
    table = tmp_path / "truth.csv"
    table.write_text(f"frame,lat_deg,lon_deg\n5,{LAT0_DEG},{LON0_DEG}\n2,{LAT0_DEG},{LON0_DEG}\n")
    source = open_frames(path)
    truth = read_truth(table, numbered=source.numbered)
    rows = evaluate_rows(FakeLocalizer([GOOD]), source, truth, NoiseProtocol())
    assert [row.frame for row in rows] == [5, 2]
    assert [row.block for row in rows] == ["seconds 4", "seconds 2"]  # one frame a second


@pytest.mark.usefixtures("localizer")
def test_a_folder_that_is_not_there_is_found_before_the_work(flight, tmp_path):
    with pytest.raises(DataError, match="folder does not exist"):
        evaluate("e", *flight, out=tmp_path / "none" / "results.json")


@pytest.mark.usefixtures("localizer")
def test_a_truth_of_other_frames(flight, tmp_path):
    truth = write_truth(tmp_path / "more.csv", 6)
    with pytest.raises(EdgegeoError, match=r"no file 004\.png and 1 more"):
        evaluate("e", flight[0], truth, progress=False)


def test_rows_that_are_none(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"frame": 1}\n')
    with pytest.raises(DataError, match="evaluated rows"):
        read_rows(tmp_path / "rows.jsonl")
