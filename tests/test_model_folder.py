"""What a model folder must hold."""

import json

import pytest

from edgegeo.errors import EngineError
from edgegeo.model_folder import open_model
from tests.tiny_model import write_model


def test_the_card_keeps_what_is_not_used(tmp_path):
    folder = write_model(tmp_path)
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(card | {"seed": 3}))
    model = open_model(folder)
    assert (model.model_id, model.px, model.grid) == ("tiny-32", 32, 4)
    assert model.calibration["accept"] == 0.5
    assert model.card == {"seed": 3}


@pytest.mark.parametrize("name", ["encoder.onnx", "ranker.onnx", "model.json"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = write_model(tmp_path)
    (folder / name).unlink()
    with pytest.raises(EngineError, match=f"it has no {name}"):
        open_model(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read"),
        ("[]", "must hold an object"),
        ('{"px": 32, "grid": 4}', "model_id as a text"),
        ('{"model_id": "x", "calibration": 1, "px": 32, "grid": 4}', "calibration as an object"),
        ('{"model_id": "x", "px": 32, "grid": 33}', "grid <= px"),
        ('{"model_id": "x", "px": 32.0, "grid": 4}', "whole numbers"),
    ],
)
def test_a_bad_description_is_refused(tmp_path, content, message):
    folder = write_model(tmp_path)
    (folder / "model.json").write_text(content)
    with pytest.raises(EngineError, match=message):
        open_model(folder)
