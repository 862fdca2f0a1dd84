"""Every recipe that ships is read by the script it is for, and says what it was not told."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
for package in ("cv2", "rasterio", "safetensors"):
    pytest.importorskip(package)

from edgegeo.errors import DataError  # noqa: E402
from edgegeo.learn.distil_recipe import DistilRecipe  # noqa: E402
from edgegeo.learn.ranker_recipe import RankerRecipe  # noqa: E402
from edgegeo.learn.recipe import load_recipe  # noqa: E402
from training.train_student import StudentRecipe  # noqa: E402

RECIPES = sorted((Path(__file__).parents[2] / "training/recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_it_is_read(path):
    if path.stem == "student":
        load_recipe(StudentRecipe, path)
        return
    if path.stem == "distill":
        load_recipe(DistilRecipe, path)
        return
    recipe = load_recipe(RankerRecipe, path)
    assert recipe.spec().max_pixels == recipe.px**2
    header = path.read_text().partition("\ntrain")[0]
    assert "hours" in header.lower() or "minutes" in header.lower()
    assert "not for redistribution" in header or "naip" in path.stem


def test_values_take_the_type_of_their_key(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('train = "c"\nlearning_rate = 1\nlora_targets = ["q_proj"]\n')
    recipe = load_recipe(RankerRecipe, path)
    assert (recipe.learning_rate, type(recipe.learning_rate)) == (1.0, float)
    assert recipe.lora_targets == ("q_proj",)
    path.write_text('train = "c"\ntensorboard = 1\n')
    with pytest.raises(DataError, match="tensorboard must be of type bool, got 1"):
        load_recipe(RankerRecipe, path)
    path.write_text('train = "c"\nbatch = 2.5\n')
    with pytest.raises(DataError, match=r"batch must be of type int, got 2\.5"):
        load_recipe(RankerRecipe, path)
