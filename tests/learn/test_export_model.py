"""`edgegeo export`: a whole model folder in one precision, or none at all."""

import json
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from edgegeo.demo.landscape import landscape  # noqa: E402
from edgegeo.errors import DataError, EngineError, RangeError  # noqa: E402
from edgegeo.export.checkpoint import load_student, save_student, whitening_beside  # noqa: E402
from edgegeo.export.export import Imagery, _pictures, _refuse_worse, export  # noqa: E402
from edgegeo.export.pictures import frame_pictures, tile_pictures  # noqa: E402
from edgegeo.model_folder import SHIPPED, open_model  # noqa: E402
from tests import geotiffs  # noqa: E402
from tests.weights import STUDENT  # noqa: E402

FOOTPRINT_M = 60.0


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A GeoTIFF of 200 m a side."""
    path = tmp_path_factory.mktemp("map") / "ground.tif"
    geotiffs.write(path, landscape(3, 400, 0.5, 0))
    return path


@pytest.mark.slow
def test_fp16_of_the_committed_weights_is_calibrated_and_reported(tmp_path):
    report = export(STUDENT, tmp_path / "model", precision="fp16")
    made, shipped = open_model(tmp_path / "model"), open_model()
    assert made.calibration == shipped.calibration
    assert (made.model_id, made.card["precision"]) == (shipped.model_id, "fp16")
    assert report == json.loads((tmp_path / "model" / "parity.json").read_text())
    assert report["differences"]["relevance"]["max"] < 5e-3
    assert report["times_faster"].keys() == {"encoder", "ranker"}
    assert report["bytes"] < 0.7 * sum(p.stat().st_size for p in SHIPPED.glob("*.onnx"))
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("lost", "times_faster", "says"),
    [
        (0.02, 2.0, r"int8 loses 0\.020 of Recall@1 on 60 frames, at most 0\.01 allowed; use fp16"),
        (0.0, 1.0, r"runs 1\.00 times as fast as fp32 here, at least 1\.05 expected; use fp16"),
    ],
)
def test_int8_is_refused_where_it_loses_or_is_not_faster(lost, times_faster, says):
    recall = {"reranked_fp32": 0.9, "reranked": 0.9 - lost, "frames": 60}
    report = {"recall_at_1": recall, "times_faster": {"encoder": times_faster}}
    with pytest.raises(EngineError, match=says):
        _refuse_worse(report, 0.01)
    good = {"reranked_fp32": 0.9, "reranked": 0.895, "frames": 60}
    _refuse_worse({"recall_at_1": good, "times_faster": {"encoder": 1.2}}, 0.01)


@pytest.mark.slow
def test_int8_that_loses_too_much_leaves_the_old_model_unless_it_is_wanted(ground, tmp_path):
    out = shutil.copytree(SHIPPED, tmp_path / "model")
    old = (out / "encoder.onnx").read_bytes()
    imagery = Imagery(maps=[ground], footprint_m=FOOTPRINT_M)
    with pytest.raises(EngineError, match=r"int8 loses .* of Recall@1 on 60 frames"):
        export(STUDENT, out, precision="int8", imagery=imagery, max_recall_loss=-2.0)
    assert (out / "encoder.onnx").read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    report = export(
        STUDENT, out, precision="int8", imagery=imagery, max_recall_loss=-2.0, even_if_worse=True
    )
    assert len((out / "encoder.onnx").read_bytes()) < 0.5 * len(old)
    assert (
        min(report["int8"]["embedding_error"].values())
        == (report["int8"]["embedding_error"][str(report["int8"]["smoothing"])])
    )
    recall = report["recall_at_1"]
    assert recall["frames_are"] == "simulated out of the maps"
    assert recall["reranked_fp32"] > 0.9  # of the very map they were made from
    assert recall["reranked"] > 0.8


@pytest.mark.slow
def test_other_weights_are_not_given_a_calibration_that_is_not_theirs(tmp_path, capsys):
    student = load_student(STUDENT)
    with torch.no_grad():
        student.relation.null += 1
    save_student(student, tmp_path / "other.safetensors")
    with pytest.raises(DataError, match="is not a model of these weights"):
        export(tmp_path / "other.safetensors", tmp_path / "model", like=SHIPPED)
    report = export(tmp_path / "other.safetensors", tmp_path / "model")
    made = open_model(tmp_path / "model")
    assert (made.model_id, made.calibration) == ("model", {})
    assert "not calibrated yet" in capsys.readouterr().err
    assert all(off["max"] < 1e-4 for off in report["differences"].values())


def test_a_precision_that_is_none(tmp_path):
    with pytest.raises(RangeError, match="precision must be one of fp32, fp16, int8, got 'fp8'"):
        export(STUDENT, tmp_path / "model", precision="fp8")


@pytest.mark.parametrize(
    ("precision", "imagery", "says"),
    [
        ("int8", Imagery(), "give at least one map"),
        ("fp16", Imagery(maps=["a.tif"], truth="t.csv"), "is about frames"),
        ("fp16", Imagery(frames="frames"), "on a map only"),
    ],
)
def test_imagery_that_is_missing(tmp_path, precision, imagery, says):
    with pytest.raises(DataError, match=says):
        export(STUDENT, tmp_path / "model", precision=precision, imagery=imagery)
    assert not list(tmp_path.iterdir())


def test_weights_without_a_whitening_are_refused(tmp_path):
    path = tmp_path / "student.safetensors"
    save_student(load_student(STUDENT), path)
    whitening_beside(path).unlink()
    with pytest.raises(DataError, match=r"no whitening.*training\.export_student"):
        export(path, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_another_folder_and_the_shipped_model_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(EngineError, match="not a model folder"):
        export(STUDENT, tmp_path)
    with pytest.raises(EngineError, match="is the shipped model"):
        export(STUDENT, SHIPPED)


def test_a_folder_that_may_not_be_written_is_an_error_of_the_system(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        export(STUDENT, tmp_path / "file" / "model")


def test_tiles_and_crops_are_what_the_encoder_expects(ground, tmp_path):
    cv2 = pytest.importorskip("cv2")
    tiles = tile_pictures([ground, ground], 48.0, 128, 6)
    assert tiles.shape == (6, 4, 128, 128)
    assert tiles.dtype == np.float32
    assert (tiles[:, 3] > 0.99).mean() > 0.9
    cv2.imwrite(str(tmp_path / "a.png"), landscape(3, 400, 0.5, 0)[:240, :320])
    crops = frame_pictures(tmp_path, 48.0, 128, 3)
    assert crops.shape == (3, 4, 128, 128)
    assert (crops[:, 3] > 0.99).mean() > 0.9


def test_frames_with_a_truth_judge_and_are_not_fitted_on(ground, tmp_path):
    cv2 = pytest.importorskip("cv2")
    cv2.imwrite(str(tmp_path / "a.png"), landscape(3, 400, 0.5, 0)[:240, :320])
    tiles = tile_pictures([ground], 48.0, 128, 256)
    crops = frame_pictures(tmp_path, 48.0, 128, 128)
    for truth, fitted in ((None, [*tiles[::2], *crops[::2]]), ("truth.csv", tiles[::2])):
        imagery = Imagery(maps=[ground], footprint_m=FOOTPRINT_M, frames=tmp_path, truth=truth)
        to_fit, others = _pictures(imagery, 128)
        np.testing.assert_array_equal(to_fit, fitted)
        assert len(to_fit) + len(others) == len(tiles) + len(crops)


def test_a_map_without_detail_is_nothing_to_fit_on(tmp_path):
    grey = np.indices((200, 200)).sum(axis=0) % 2 + 99
    geotiffs.write(tmp_path / "grey.tif", np.repeat(grey[..., None], 3, axis=2).astype(np.uint8))
    with pytest.raises(DataError, match="no tile of 48 m with data and detail"):
        tile_pictures([tmp_path / "grey.tif"], 48.0, 128, 8)
