"""The flight log: nothing lost on the way, readable after a kill and on a full disk."""

import base64
import json
import signal
import subprocess
import sys
import threading
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from edgegeo.autopilot.told import Sample
from edgegeo.camera import Camera, Lens
from edgegeo.errors import DataError, MissingExtraError
from edgegeo.logs import FlightLog, read_log
from edgegeo.logs.mcaplog import CHUNK_BYTES
from edgegeo.logs.mcapread import FOR_A_REPLAY
from edgegeo.sighting import State
from tests.logs.flight_log import (
    ACCEPTED,
    EPOCH_US,
    ESTIMATES,
    IMAGE,
    NOTHING,
    estimate,
    write_flight,
)

mcap_reader = pytest.importorskip("mcap.reader")
cv2 = pytest.importorskip("cv2")


@pytest.fixture
def flight(tmp_path):
    path = tmp_path / "flight.mcap"
    with FlightLog(path, EPOCH_US) as log:
        write_flight(log)
    return path


def of_topic(path, topic):
    return [record for record in read_log(path) if record.topic == topic]


def messages(path, topic):
    """What an independent reader, that of the format's authors, finds with its index."""
    with path.open("rb") as file:
        return [
            (schema.name, json.loads(message.data), message.log_time)
            for schema, _, message in mcap_reader.make_reader(file).iter_messages(topics=[topic])
        ]


def test_notes_of_several_threads_are_all_there(tmp_path):
    path = tmp_path / "flight.mcap"
    with FlightLog(path, EPOCH_US) as log:

        def write(name):
            for k in range(300):
                log.add_note(k, f"{name} {k}")

        threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    kinds, bodies, _ = zip(*messages(path, "/note"), strict=True)
    assert set(kinds) == {"foxglove.Log"}
    said = [body["message"] for body in bodies]
    assert sorted(said) == sorted(f"{name} {k}" for name in "abcd" for k in range(300))
    assert sorted(r.value for r in of_topic(path, "/note")) == sorted(said)


def test_fixes_and_estimates_come_back_as_they_were(flight):
    records = read_log(flight)
    assert [r.value for r in of_topic(flight, "/fix/full")] == [
        ("a & b.jpg", ACCEPTED),
        (7, NOTHING),
    ]
    assert [r.value for r in records if r.topic == "/estimate/full"] == ESTIMATES
    assert [r.time_us for r in records if r.topic == "/fix/full"] == [1_000_000, 2_000_000]
    assert not records.truncated


def test_states_timings_truth_and_frames(flight):
    changes = [(r.value["before"], r.value["state"]) for r in of_topic(flight, "/state")]
    assert changes == list(pairwise([None, "SEARCHING", "TRACKING", "LOST", "TRACKING"]))
    assert of_topic(flight, "/state")[1].value["reason"] == "first fix"
    assert of_topic(flight, "/timings_ms")[0].value == {"locate": 88.5, "send": 0.25}
    assert of_topic(flight, "/truth")[0].value == (34.1234, -117.5)
    frame, jpeg = of_topic(flight, "/frame")[0].value
    assert frame == "7"
    assert jpeg[:2] == b"\xff\xd8"


def test_a_fix_is_a_location_with_an_east_north_up_covariance(flight):
    ((name, body, log_time_ns),) = messages(flight, "/fix")  # the reject is none to draw
    assert name == "foxglove.LocationFix"
    assert log_time_ns == 1000 * (EPOCH_US + 1_000_000)
    assert body["timestamp"] == {"sec": 1_790_000_001, "nsec": 0}
    assert (body["latitude"], body["longitude"]) == (34.123456789012, -117.5)
    assert body["position_covariance"] == [4.0, 0.5, 0, 0.5, 1.0, 0, 0, 0, 0]
    assert body["position_covariance_type"] == 3
    assert len(messages(flight, "/estimate")) == len(ESTIMATES) - 1
    assert messages(flight, "/truth")[0][1]["position_covariance_type"] == 0


def test_a_frame_is_a_small_jpeg(tmp_path):
    with FlightLog(tmp_path / "f.mcap") as log:
        log.add_frame("a.jpg", 0, np.repeat(np.repeat(IMAGE, 20, axis=0), 20, axis=1))
    ((name, body, _),) = messages(tmp_path / "f.mcap", "/frame")
    assert name == "foxglove.CompressedImage"
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(body["data"]), np.uint8), 1)
    assert picture.shape == (240, 320, 3)


def test_what_a_replay_needs_comes_back_as_it_was(tmp_path):
    path = tmp_path / "f.mcap"
    camera = Camera(
        width_px=64,
        height_px=48,
        fx_px=50.0,
        fy_px=51.0,
        cx_px=31.5,
        cy_px=23.5,
        lens=Lens.FISHEYE,
        distortion=(0.1, 0.0, 0.0, -0.01),
        mount_yaw_deg=90.0,
    )
    sample = Sample("attitude", 900_000, (1.0, 0.0, 0.0, 0.0))
    with FlightLog(path, EPOCH_US) as log:
        log.add_camera(1_000_000, camera, True)
        log.add_sample(1_010_000, sample)
        log.add_whole_frame(7, 950_000, IMAGE, 1_020_000)
    records = read_log(path)
    assert list(records) == []  # large, and for a replay alone
    about, told, (topic, ready_us, (name, unix_us, jpeg)) = records.of(*FOR_A_REPLAY)
    assert about.value == (camera, True)
    assert (told.time_us, told.value) == (1_010_000, sample)
    assert (topic, ready_us, name, unix_us) == ("/camera", 1_020_000, "7", EPOCH_US + 950_000)
    whole = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert whole.shape == IMAGE.shape
    assert messages(path, "/camera")[0][0] == "foxglove.CompressedImage"


def test_the_schemas_name_the_fields_that_are_written(flight):
    with flight.open("rb") as file:
        for schema, channel, message in mcap_reader.make_reader(file).iter_messages():
            fields = json.loads(schema.data).get("properties")
            assert (schema.encoding, channel.message_encoding) == ("jsonschema", "json")
            if fields is not None:
                assert fields.keys() == json.loads(message.data).keys()


def test_every_cut_of_a_log_can_be_read(flight, tmp_path):
    data, cut = flight.read_bytes(), tmp_path / "cut.mcap"
    whole = len(list(read_log(flight)))
    counts = []
    for length in range(8, len(data), 97):
        cut.write_bytes(data[:length])
        records = read_log(cut)
        counts.append(len(list(records)))
        assert records.truncated
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == whole


def test_a_killed_flight_can_be_read(tmp_path):
    path = tmp_path / "flight.mcap"
    command = [sys.executable, "-m", "tests.logs.flight_log", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flying:
        for line in flying.stdout:
            if int(line.split()[0]) >= 40:
                flying.send_signal(signal.SIGKILL)
                break
    records = read_log(path)
    estimates = [r.value for r in records if r.topic == "/estimate/full"]
    assert records.truncated
    assert len(estimates) > 20 * len(ESTIMATES)  # at most a chunk is lost
    assert estimates[: len(ESTIMATES)] == ESTIMATES


def test_a_full_disk_ends_the_log_and_not_the_flight(tmp_path):
    path = tmp_path / "flight.mcap"
    command = [sys.executable, "-m", "tests.logs.flight_log", str(path), "40000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 50
    assert lines[0] == "0 False"
    assert lines[-1] == "49 True"
    assert done.stderr.count("no longer logged") == 1
    records = read_log(path)
    kept = list(records)
    assert records.truncated
    assert len(kept) > 10
    assert kept[0].value == ("a & b.jpg", ACCEPTED)


def test_a_device_that_is_full_from_the_start(caplog):
    with FlightLog("/dev/full", EPOCH_US) as log:
        write_flight(log)
    assert "No space left" in log.failed
    assert len(caplog.records) == 1


def test_a_long_log_is_indexed_and_holds_little_memory(tmp_path):
    """A chunk is written about every second: 0.8 kB for each would be megabytes in an hour."""
    path, text = tmp_path / "flight.mcap", "x" * CHUNK_BYTES
    held = []
    tracemalloc.start()
    with FlightLog(path, EPOCH_US) as log:
        for k in range(1000):
            log.add_note(k, text)
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert (min(held[900:]) - min(held[:100])) / 800 < 200
    assert len(messages(path, "/note")) == 1000
    with path.open("rb") as file:
        assert len(mcap_reader.make_reader(file).get_summary().chunk_indexes) == 1000


def test_damage_in_the_middle_is_said(flight):
    data = bytearray(flight.read_bytes())
    data[300] ^= 255
    flight.write_bytes(data)
    with pytest.raises(DataError, match="damaged"):
        list(read_log(flight))


def test_what_is_no_log(tmp_path):
    with pytest.raises(DataError, match="cannot read"):
        read_log(tmp_path / "none.mcap")
    (tmp_path / "x.mcap").write_text("no log")
    with pytest.raises(DataError, match="not an MCAP file"):
        read_log(tmp_path / "x.mcap")
    with pytest.raises(DataError, match="cannot write"):
        FlightLog(tmp_path / "none" / "f.mcap")


def test_a_state_that_stays_is_written_once(tmp_path):
    with FlightLog(tmp_path / "f.mcap") as log:
        for second in range(5):
            log.add_estimate(estimate(second, State.LOST))
    assert len(of_topic(tmp_path / "f.mcap", "/state")) == 1


def test_without_mcap_the_extra_is_named(tmp_path, monkeypatch):
    for name in ("mcap", "mcap.writer"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"edgegeo\[fly\]"):
        FlightLog(tmp_path / "f.mcap")
    with pytest.raises(MissingExtraError, match=r"edgegeo\[fly\]"):
        read_log(tmp_path / "f.mcap")
