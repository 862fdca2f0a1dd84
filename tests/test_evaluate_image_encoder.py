"""Pictures through any ONNX encoder."""

import numpy as np
import pytest

from edgegeo.datasets import GalleryImage
from edgegeo.datasets.pictures import ImageFile
from edgegeo.errors import DataError, EngineError, RangeError
from edgegeo.evaluation.image_encoder import encoder_of_model, encoder_of_onnx
from tests.colour_encoders import write_encoder, write_model
from tests.datasets import trees

QUIET = {"what": "images", "fit": "stretch", "progress": False}
RAW = {"mean": (0, 0, 0), "std": (1, 1, 1)}


@pytest.fixture
def images(tmp_path):
    """Red, white, and a file that is no image."""
    trees.image(tmp_path / "red.png", (255, 0, 0))
    trees.image(tmp_path / "white.png", (255, 255, 255))
    (tmp_path / "bad.png").write_text("not an image")
    return [
        GalleryImage(id=name, picture=ImageFile(tmp_path / f"{name}.png"))
        for name in ("red", "bad", "white")
    ]


def test_rows_are_unit_and_a_bad_image_is_skipped_with_its_number(tmp_path, images):
    encoder = encoder_of_onnx(write_encoder(tmp_path / "e.onnx"), **RAW)
    rows, bad = encoder.encode(images, skip_bad=True, **QUIET)
    np.testing.assert_allclose(rows, [[1, 0, 0], [3**-0.5] * 3], atol=1e-6)
    assert bad == [1]


def test_a_bad_image_is_an_error_otherwise(tmp_path, images):
    encoder = encoder_of_onnx(write_encoder(tmp_path / "e.onnx"), **RAW)
    with pytest.raises(DataError, match=r"bad\.png is not an image"):
        encoder.encode(images, skip_bad=False, **QUIET)
    with pytest.raises(DataError, match="none of the 1 images can be read"):
        encoder.encode(images[1:2], skip_bad=True, **QUIET)


def test_the_last_image_may_be_the_bad_one(tmp_path, images):
    encoder = encoder_of_onnx(write_encoder(tmp_path / "e.onnx"), **RAW)
    rows, bad = encoder.encode([images[0], images[1]], skip_bad=True, **QUIET)
    assert (len(rows), bad) == (1, [1])


def test_colours_are_normalised_as_the_field_does(tmp_path, images):
    encoder = encoder_of_onnx(write_encoder(tmp_path / "e.onnx"))
    rows, _ = encoder.encode(images[:1], skip_bad=True, **QUIET)
    by_hand = np.array([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225])
    np.testing.assert_allclose(rows[0], by_hand / np.linalg.norm(by_hand), atol=1e-5)


def test_ours_gets_its_own_normalisation_and_the_coverage(tmp_path, images):
    encoder = encoder_of_model(write_model(tmp_path / "model"))
    assert (encoder.name, encoder.px) == ("colours", 16)
    rows, _ = encoder.encode(images[:1], skip_bad=True, **QUIET)
    np.testing.assert_allclose(rows[0], np.array([2, -2, -2, 1]) / 13**0.5, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_a_network_of_one_batch_size_gets_full_batches(tmp_path, images, batch):
    encoder = encoder_of_onnx(write_encoder(tmp_path / "e.onnx", batch=batch), **RAW)
    rows, _ = encoder.encode([images[0], images[2]] * 2, skip_bad=False, **QUIET)
    np.testing.assert_allclose(rows[:, 1], [0, 3**-0.5] * 2, atol=1e-6)


def test_the_size_is_asked_for_where_the_file_leaves_it_open(tmp_path):
    path = write_encoder(tmp_path / "e.onnx", px=None)
    with pytest.raises(EngineError, match="takes images of any size: say which with --px"):
        encoder_of_onnx(path)
    assert encoder_of_onnx(path, px=24).px == 24
    with pytest.raises(EngineError, match="takes images of 16 x 16, not 24 x 24"):
        encoder_of_onnx(write_encoder(tmp_path / "f.onnx"), px=24)


def test_an_encoder_of_another_kind_is_refused(tmp_path, images):
    with pytest.raises(EngineError, match="must have one input"):
        encoder_of_onnx(write_encoder(tmp_path / "e.onnx", channels=4))
    with pytest.raises(RangeError, match="std above 0"):
        encoder_of_onnx(write_encoder(tmp_path / "f.onnx"), std=(1, 0, 1))
    with pytest.raises(RangeError, match="px must be at least 1, got 0"):
        encoder_of_onnx(write_encoder(tmp_path / "open.onnx", px=None), px=0)
    encoder = encoder_of_onnx(tmp_path / "f.onnx", output="tokens")
    with pytest.raises(EngineError, match=r"has no output 'tokens', only \['descriptor'\]"):
        encoder.encode(images[:1], skip_bad=False, **QUIET)
    write_model(tmp_path / "model")
    write_encoder(tmp_path / "model/encoder.onnx", output="something")
    with pytest.raises(EngineError, match="must have embedding"):
        encoder_of_model(tmp_path / "model")


def test_an_embedding_without_a_direction_is_an_error_with_its_image(tmp_path, images):
    trees.image(tmp_path / "red.png", (0, 0, 0))
    encoder = encoder_of_onnx(write_encoder(tmp_path / "e.onnx"), **RAW)
    with pytest.raises(EngineError, match="no direction for red"):
        encoder.encode(images[:1], skip_bad=True, **QUIET)
