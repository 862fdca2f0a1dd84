"""The relate wrapper: its errors, and its numbers beside the networks' own correlation."""

import itertools

import numpy as np
import pytest

from edgegeo import pairs, relate
from edgegeo.backends.onnxruntime import Session
from edgegeo.errors import RangeError, ShapeError
from edgegeo.model_folder import ENCODER, RANKER, RELATION, SHIPPED
from edgegeo.reference import reference_images
from edgegeo.search import quantise_rows

TURNS_DEG, SCALES = zip(*itertools.product((-12.0, 0.0, 9.0), (0.8, 1.0, 1.25)), strict=True)
REACH = 6
STEP = 0.53  # of a copy's scale, by which sampling and rounding may be wrong


@pytest.fixture(scope="module")
def tokens():
    """(8, 256, 32) tokens of pictures and of the same ones moved, as the shipped encoder has it."""
    images = reference_images(128)
    encoder = Session(SHIPPED / ENCODER, 1)
    moved = np.ascontiguousarray(np.roll(images, (16, -8), (2, 3)))
    return encoder.run({"image": np.concatenate([images, moved])})["tokens"]


def test_a_token_that_moved_is_found_where_it_moved_to():
    tokens = np.zeros((2, 16, 3), np.float32)
    tokens[0, 5], tokens[1, 10] = (1, 2, 2), (2, 4, 4)  # (1, 1) and (2, 2) of a 4 x 4 grid
    queries = relate.turned(tokens[:1], (0.0,), (1.0,))
    stored, scales = quantise_rows(tokens)
    found = relate.relate(
        queries, np.zeros(2, np.int32), stored, scales, np.array([0, 1], np.int32), reach=2,
        keep=None, volume=True,
    )  # fmt: skip
    assert found.shift.tolist() == [[0, 0], [1, 1]]
    # 3 long and 3 or 6, a product of 9 or 18 beside 0.001
    np.testing.assert_allclose(found.score, [9 / 9.001, 18 / 18.001], atol=2e-4)
    assert found.cosine is not None
    assert np.count_nonzero(found.cosine[1]) == 1


def test_nothing_is_dequantised_or_kept_unless_asked_for(tokens):
    stored, scales = quantise_rows(tokens)
    found = relate.relate(
        relate.turned(tokens[:1], TURNS_DEG, SCALES), np.zeros(8, np.int32), stored, scales,
        np.arange(8, dtype=np.int32), reach=REACH,
    )  # fmt: skip
    assert found.cosine is None
    assert found.overlap is None
    assert (found.copy[0], found.shift[0].tolist()) == (4, [0, 0])  # itself, as it is
    assert found.score[0] > 0.99 > found.score[1:].max()


def test_turned_copies_are_those_of_the_networks(tokens):
    torch = pytest.importorskip("torch")
    from edgegeo.models.relate import grids, turn_and_scale

    got = relate.turned(tokens, TURNS_DEG, SCALES)
    for w, (turn, scale) in enumerate(zip(TURNS_DEG, SCALES, strict=True)):
        every = torch.ones(len(tokens))
        wanted = turn_and_scale(grids(torch.from_numpy(tokens)), turn * every, scale * every)
        error = got.scales[:, None, None] * got.tokens[:, w] - wanted.flatten(2).mT.numpy()
        assert np.abs(error / got.scales[:, None, None]).max() <= STEP


def test_the_volume_is_that_of_the_networks(tokens):
    """To what rounding a query may do: each token by e = STEP * scale * sqrt(width) at most, so
    numerator and denominator by e times the lengths of the tokens under it."""
    torch = pytest.importorskip("torch")
    from torch.nn import functional as F

    from edgegeo.models.relate import correlate, grids, turn_and_scale

    stored, scales = quantise_rows(tokens)
    ids = np.arange(8, dtype=np.int32)
    queries = relate.turned(tokens[:2], TURNS_DEG, SCALES)
    of = np.array([0, 1] * 4, np.int32)
    found = relate.relate(queries, of, stored, scales, ids, reach=REACH, volume=True)
    assert found.cosine is not None
    assert found.overlap is not None
    candidates = grids(torch.from_numpy(pairs.gather(stored, scales, ids)))
    plain = grids(torch.from_numpy(tokens))
    for j in range(8):
        turn, scale = (torch.tensor([all_[found.copy[j]]]) for all_ in (TURNS_DEG, SCALES))
        query, candidate = turn_and_scale(plain[of[j], None], turn, scale), candidates[j, None]
        cosine, overlap = (each[0, 0].numpy() for each in correlate(query, candidate, REACH))
        lengths = F.pad(candidate.norm(dim=1, keepdim=True), [REACH] * 4)
        under = F.conv2d(lengths, torch.ones(1, 1, 16, 16))[0, 0].numpy()
        both = F.conv2d(lengths, query.norm(dim=1, keepdim=True))[0, 0].numpy()
        e = STEP * queries.scales[of[j]] * 32**0.5
        assert (np.abs(found.cosine[j] - cosine) <= 2 * e * under / (both - e * under)).all()
        assert np.abs(found.cosine[j] - cosine).max() < 0.001  # what it is, not what it may be
        assert np.abs(found.overlap[j] - overlap).max() < 0.001


def test_the_shipped_ranker_says_the_same_of_the_kernels_volume(tokens):
    """The whole ranker in ONNX Runtime beside the relation over the kernel's volume, at the turn
    and scale that ONNX Runtime chose."""
    stored, scales = quantise_rows(tokens)
    ids = np.arange(8, dtype=np.int32)
    said = Session(SHIPPED / RANKER, 1).run(
        {
            "query_tokens": tokens[:1],
            "copy": np.zeros(8, np.int64),
            "move": np.full(8, 13, np.int64),
            "candidate_tokens": pairs.gather(stored, scales, ids),
        }
    )
    copies = [
        relate.turned(tokens[:1], (turn,), (scale,))
        for turn, scale in zip(said["turn"].tolist(), said["scale"].tolist(), strict=True)
    ]
    queries = relate.Turned(*map(np.concatenate, zip(*copies, strict=True)))
    found = relate.relate(queries, ids, stored, scales, ids, reach=REACH, volume=True)
    judged = Session(SHIPPED / RELATION, 1).run({"cosine": found.cosine, "overlap": found.overlap})
    assert np.abs(judged["relevance"] - said["relevance"]).max() < 0.02  # log-odds
    assert np.abs(judged["offset"] - said["offset"]).max() < 0.001  # tile sides
    assert np.abs(judged["log_variance"] - said["log_variance"]).max() < 0.02


def test_half_resolution_seldom_misses_what_every_copy_at_every_shift_finds(tokens):
    """Of pictures that lie on each other; of others any copy is as bad as the next."""
    stored, scales = quantise_rows(tokens)
    queries = relate.turned(tokens, TURNS_DEG, SCALES)
    ids = np.arange(8, dtype=np.int32)
    for candidates in (ids, (ids + 4) % 8):
        full = relate.relate(queries, ids, stored, scales, candidates, reach=REACH, keep=None)
        fast = relate.relate(queries, ids, stored, scales, candidates, reach=REACH)
        np.testing.assert_array_equal(fast.copy, full.copy)
        np.testing.assert_array_equal(fast.shift, full.shift)


GOOD = {
    "queries": relate.Turned(np.zeros((2, 3, 16, 5), np.int8), np.ones(2, np.float32)),
    "of": np.array([0, 1], np.int32),
    "tokens": np.zeros((4, 16, 5), np.int8),
    "scales": np.ones(4, np.float32),
    "ids": np.array([3, 0], np.int32),
    "reach": 2,
}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"tokens": GOOD["tokens"][0]}, ShapeError, r"tokens must be \(n, t, c\) int8"),
        ({"tokens": GOOD["tokens"].astype(np.float32)}, ShapeError, "float32"),
        ({"tokens": GOOD["tokens"][:, :15]}, ShapeError, "square"),
        ({"queries": GOOD["queries"]._replace(tokens=np.zeros((2, 3, 16, 4), np.int8))},
         ShapeError, r"queries.tokens must be \(r, w, 16, 5\)"),
        ({"queries": GOOD["queries"]._replace(scales=np.ones(3, np.float32))},
         ShapeError, "queries.scales"),
        ({"of": np.zeros(3, np.int32)}, ShapeError, "ids"),
        ({"of": np.zeros((2, 1), np.int32), "ids": np.zeros((2, 1), np.int32)}, ShapeError, "of"),
        ({"ids": GOOD["ids"].astype(np.int64)}, ShapeError, r"ids must be \(2,\) int32"),
        ({"scales": np.ones(3, np.float32)}, ShapeError, "scales"),
        ({"reach": 4}, RangeError, r"reach must be in \[0, 4\)"),
        ({"power": -1.0}, RangeError, "power"),
        ({"power": np.inf}, RangeError, "power"),
        ({"keep": 0}, RangeError, "keep"),
        ({"ids": np.array([3, 4], np.int32)}, IndexError, "4 at 1"),
        ({"of": np.array([0, 2], np.int32)}, RangeError, r"of must be in \[0, 2\)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_explained(change, error, message):
    relate.relate(**GOOD)
    with pytest.raises(error, match=message):
        relate.relate(**{**GOOD, **change})


def test_a_grid_of_an_odd_side_has_no_half():
    odd = np.ones((1, 9, 2), np.int8)
    queries = relate.Turned(odd[None], np.ones(1, np.float32))
    zero, one = np.zeros(1, np.int32), np.ones(1, np.float32)
    with pytest.raises(ShapeError, match="even"):
        relate.relate(queries, zero, odd, one, zero, reach=1)
    assert relate.relate(queries, zero, odd, one, zero, reach=1, keep=None).copy == 0


@pytest.mark.parametrize(
    ("tokens", "turns_deg", "scales", "error"),
    [
        (np.zeros((1, 4, 2)), (0.0,), (1.0,), ShapeError),
        (np.zeros((4, 2), np.float32), (0.0,), (1.0,), ShapeError),
        (np.zeros((1, 5, 2), np.float32), (0.0,), (1.0,), ShapeError),
        (np.zeros((1, 4, 2), np.float32), (0.0, 1.0), (1.0,), ShapeError),
        (np.zeros((1, 4, 2), np.float32), (), (), ShapeError),
        (np.zeros((1, 4, 2), np.float32), (0.0,), (0.0,), RangeError),
        (np.zeros((1, 4, 2), np.float32), (np.nan,), (1.0,), RangeError),
    ],
)
def test_what_cannot_be_turned_is_explained(tokens, turns_deg, scales, error):
    with pytest.raises(error):
        relate.turned(tokens, turns_deg, scales)
