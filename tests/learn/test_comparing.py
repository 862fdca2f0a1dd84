"""Rankers taught for a comparison: kept, and taught anew only where something differs."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from dataclasses import replace  # noqa: E402

from edgegeo.learn import comparing  # noqa: E402
from edgegeo.learn.comparing import Variant, result, result_of_scores, taught  # noqa: E402
from edgegeo.learn.distil_recipe import DistilRecipe  # noqa: E402
from edgegeo.models.student import Relation  # noqa: E402
from tests.learn.made_pairs import made_pairs, written  # noqa: E402

FRESH = Relation()


@pytest.fixture
def variant(tmp_path):
    train = written(made_pairs(), tmp_path / "train.safetensors")
    recipe = DistilRecipe(train=str(train), val="", begin="fresh", batch=8, epochs=1, warmup=1)
    return Variant(name="any", recipe=recipe)


def weights(ranker):
    return torch.cat([value.flatten() for value in ranker.state_dict().values()])


def test_a_seed_gives_the_same_ranker_and_another_another(variant, tmp_path):
    one, same, other = (
        weights(taught(variant, seed, made_pairs(), None, FRESH, tmp_path / f"{i}.safetensors"))
        for i, seed in enumerate((0, 0, 1))
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_what_is_kept_is_not_taught_again(variant, tmp_path, monkeypatch):
    kept = tmp_path / "kept.safetensors"
    first = weights(taught(variant, 0, made_pairs(), None, FRESH, kept))

    def none(*_):
        raise AssertionError("taught again")

    monkeypatch.setattr(comparing, "epochs", none)
    assert torch.equal(weights(taught(variant, 0, made_pairs(), None, FRESH, kept)), first)
    changed = replace(variant, recipe=replace(variant.recipe, labels="hard"))
    scores = np.ones((24, 4), np.float32)
    for which, seed, teacher in ((changed, 0, None), (variant, 1, None), (variant, 0, scores)):
        with pytest.raises(AssertionError, match="taught again"):
            taught(which, seed, made_pairs(), teacher, FRESH, kept)


def test_a_student_is_taught_on_from_where_it_is_and_left_as_it_was(variant, tmp_path):
    student = Relation()
    with torch.no_grad():
        student.null.fill_(3.0)
    on = replace(variant, recipe=replace(variant.recipe, begin="student"))
    after = taught(on, 0, made_pairs(), None, student, tmp_path / "on.safetensors")
    assert student.null.item() == 3.0
    assert after.null.item() == pytest.approx(3.0, abs=0.1)
    fresh = taught(variant, 0, made_pairs(), None, student, tmp_path / "fresh.safetensors")
    assert fresh.null.item() == pytest.approx(8.0, abs=0.1)


def test_a_result_says_which_queries_were_right_place_by_place():
    pairs = made_pairs(queries=8)
    found = result_of_scores(pairs.candidates.is_truth.astype(float), None, pairs)
    assert found["right"] == ["1111", "1011"]  # the sixth truth was forced in
    assert found["recall_at_1"] == 7 / 8
    assert found["median_m"] is None
    json.dumps(result(Relation(), pairs), allow_nan=False)
