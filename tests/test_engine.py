"""Opening a good engine, what it says of itself, and its parity check."""

import shutil

import numpy as np
import pytest

from edgegeo.engine import open_engine
from edgegeo.errors import EngineError, RangeError
from edgegeo.types import Prior
from tests.sample_engine import LAT, LON, sample_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return sample_engine(tmp_path_factory.mktemp("engine"))


@pytest.mark.parametrize("verify", ["models", "all"])
def test_an_engine_opens(engine, verify):
    opened = open_engine(engine, verify=verify)
    assert len(opened.gallery) == opened.manifest.tiles == 49
    assert opened.manifest.gsd_m == 40 / 32
    assert opened.encoder_path.is_file()
    assert opened.ranker_path.is_file()


def test_an_opened_gallery_knows_its_ground(engine):
    gallery = open_engine(engine).gallery
    ranges = gallery.rows_within(Prior(LAT, LON, 1.0))
    assert ranges.shape == (1, 2)
    assert ranges[0, 1] - ranges[0, 0] == 1  # the middle tile of 7 x 7
    unit = gallery.embeddings * gallery.embedding_scales[:, None]
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=0.02)


def test_describe_says_what_info_prints(engine):
    text = open_engine(engine).describe()
    for part in (
        "tiny-32",
        "49 of 40 m at 1.25 m/px",
        "bytes a tile",
        "0.8 x the short side of a 50 m footprint",
        "temperature 1, accept 0.5",
        "sample-0",
        "licence      CC0",
        "attribution  not recorded",
        "onnxruntime ",
    ):
        assert part in text


def test_the_models_give_what_the_reference_holds(engine):
    assert open_engine(engine).check_reference() <= 1e-6


def test_another_result_is_noticed(engine, tmp_path):
    copy = shutil.copytree(engine, tmp_path / "copy")
    path = copy / "reference" / "ranker.out.offset.npy"
    np.save(path, np.load(path) + np.float32(0.01))
    with pytest.raises(EngineError, match=r"ranker\.onnx gives another offset"):
        open_engine(copy).check_reference()


def test_a_swap_killed_between_its_renames_still_opens(engine, tmp_path):
    shutil.copytree(engine, tmp_path / "field.edgegeo.replaced")
    assert len(open_engine(tmp_path / "field.edgegeo").gallery) == 49


def test_verify_takes_two_words(engine):
    with pytest.raises(RangeError, match="verify"):
        open_engine(engine, verify="some")
