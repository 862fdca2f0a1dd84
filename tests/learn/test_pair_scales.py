"""Volumes at every scale: against the whole ranker's, and what the relation makes of them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("safetensors", "rasterio", "cv2"):
    pytest.importorskip(package)

from edgegeo.correlation import SCALES  # noqa: E402
from edgegeo.export.checkpoint import load_student  # noqa: E402
from edgegeo.learn.pair_scales import pair_scales  # noqa: E402
from edgegeo.learn.pair_volumes import pair_volumes  # noqa: E402
from edgegeo.model_folder import SHIPPED  # noqa: E402
from edgegeo.models.student import EveryScale, Relation  # noqa: E402
from tests.learn.made_lessons import lessons  # noqa: E402
from tests.weights import STUDENT  # noqa: E402


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scales")
    relation = load_student(STUDENT).relation
    _, lists = lessons(folder)
    scales = pair_scales(lists, SHIPPED, relation, folder / "scales.safetensors")
    volumes = pair_volumes(lists, SHIPPED, relation, folder / "volumes.safetensors")
    return relation, scales, volumes


def test_one_of_the_scales_is_the_one_that_the_ranker_chooses(made):
    _, scales, volumes = made
    there = volumes.candidates.rows >= 0
    off = []
    for every, one in zip(scales.seen, volumes.seen, strict=True):
        assert every.shape == (*one.shape[:2], len(SCALES), *one.shape[2:])
        apart = every.astype(np.float32) - one[:, :, None].astype(np.float32)
        off.append(np.abs(apart).max((3, 4)))
    # One turn and scale must give both; what is left are copies rounded to int8, and ties.
    nearest = np.maximum(*off).min(2)[there]
    assert np.mean(nearest < 0.02) > 0.95
    others = np.maximum(*off).max(2)[there]
    assert np.median(others) > 0.05


def test_a_shift_is_as_likely_as_at_all_scales_together():
    torch.manual_seed(0)
    asked, relation = EveryScale(), Relation()
    relation.load_state_dict(asked.state_dict())
    cosine, overlap = torch.rand(2, 2, 3, 5, 13, 13).unbind()
    each = torch.stack([relation(cosine[:, :, g], overlap[:, :, g]) for g in range(5)])
    torch.testing.assert_close(asked(cosine, overlap).exp(), each.exp().sum(0))
