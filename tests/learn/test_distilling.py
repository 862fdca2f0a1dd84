"""Teaching a ranker from lists, and judging it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from dataclasses import replace  # noqa: E402

from edgegeo.errors import DataError  # noqa: E402
from edgegeo.learn.distil_recipe import DistilRecipe  # noqa: E402
from edgegeo.learn.distil_validation import judge, judge_scores  # noqa: E402
from edgegeo.learn.distilling import epochs, lists_of  # noqa: E402
from edgegeo.models.student import Relation  # noqa: E402
from tests.learn.made_pairs import made_pairs  # noqa: E402

RECIPE = DistilRecipe(train="", val="", begin="fresh", batch=8, epochs=8, warmup=2)


def test_scores_are_judged_by_hand():
    pairs = made_pairs(queries=6, candidates=4)
    truth = pairs.candidates.is_truth.astype(float)
    best, worst = judge_scores(truth, None, pairs), judge_scores(-truth, None, pairs)
    # five of six lists have their truth; it is first, then last of four
    assert (best.recall_at_1, best.ap, best.median_m) == pytest.approx((5 / 6, 5 / 6, None))
    assert (worst.recall_at_1, worst.ap) == pytest.approx((0, 5 / 6 / 4))
    first = (pairs.candidates.is_truth[:, 0] & ~pairs.candidates.forced).mean()
    as_it_was = judge_scores(np.zeros_like(truth), None, pairs)
    assert as_it_was.recall_at_1 == as_it_was.recall_at_1_retrieval == pytest.approx(first)


def test_the_position_is_read_off_the_peak():
    judged = judge(Relation(), replace_cosine_by_a_sharp_peak(made_pairs()))
    assert judged.median_m == pytest.approx(0, abs=0.05)


def replace_cosine_by_a_sharp_peak(pairs):
    cosine = np.zeros_like(pairs.seen[0])
    cosine[:, :, 6, 8] = 1  # two tokens east, on every tile
    offset = np.full_like(pairs.offset, 0)
    offset[..., 0] = 2 / 16
    return replace(pairs, seen=(cosine, pairs.seen[1]), offset=offset)


@pytest.mark.parametrize("labels", ["hard", "overlap", "similarity", "distance"])
def test_what_a_list_teaches_is_learned(labels):
    torch.manual_seed(0)
    ranker, pairs = Relation(), made_pairs(queries=48)
    recipe = replace(RECIPE, labels=labels, offset=0.0, nowhere=0.0)
    losses = list(epochs(ranker, lists_of(pairs, recipe, None), recipe))
    assert len(losses) == recipe.epochs
    assert losses[-1] < losses[0]
    assert judge(ranker, made_pairs(seed=1)).recall_at_1 == pytest.approx(20 / 24)  # 4 forced


def test_lists_that_fill_no_batch_are_an_error():
    lists = lists_of(made_pairs(queries=6), RECIPE, None)
    with pytest.raises(DataError, match="6 lists do not fill a batch of 8"):
        next(epochs(Relation(), lists, RECIPE))


def test_a_loss_that_is_not_finite_stops():
    pairs = made_pairs()
    pairs.seen[0][3] = np.inf
    with pytest.raises(DataError, match="epoch 1, batch"):
        list(epochs(Relation(), lists_of(pairs, RECIPE, None), RECIPE))


def test_a_part_of_lists_holds_those_rows_of_everything():
    lists = lists_of(made_pairs(), RECIPE, np.ones((24, 4), np.float32))
    part = lists.part(torch.tensor([5, 2]))
    for whole, some in zip(lists.seen, part.seen, strict=True):
        assert torch.equal(some, whole[[5, 2]])
    assert torch.equal(part.labels, lists.labels[[5, 2]])
    assert part.teacher is not None
    assert part.teacher.shape == (2, 4)
