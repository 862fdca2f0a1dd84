"""Losses of candidate lists: hand numbers, checked gradients, bfloat16, padding."""

import math

import pytest

torch = pytest.importorskip("torch")

from edgegeo.learn.ranking_losses import (  # noqa: E402
    LOSSES,
    infonce_loss,
    listwise_loss,
    plackett_luce_loss,
    pointwise_loss,
)

NONE = torch.zeros(1, 3, dtype=torch.bool)
LABELS = torch.tensor([[1.0, 0.5, 0.0]])
ALL = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def test_listwise_of_equal_scores_is_the_log_of_their_number():
    assert listwise_loss(torch.zeros(1, 3), LABELS, NONE).item() == pytest.approx(math.log(3))


def test_listwise_by_hand():
    # softmax of log(2), log(1), log(1): 1/2, 1/4, 1/4; labels 2/3, 1/3, 0
    scores = torch.tensor([[math.log(2.0), 0.0, 0.0]])
    expected = 2 / 3 * math.log(2) + 1 / 3 * math.log(4)
    assert listwise_loss(scores, LABELS, NONE).item() == pytest.approx(expected)


def test_listwise_is_least_where_the_softmax_is_the_label():
    best = torch.tensor([[2 / 3, 1 / 3, 1e-9]]).log()
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert listwise_loss(best, LABELS, NONE).item() == pytest.approx(entropy, abs=1e-6)


def test_pointwise_by_hand():
    # sigmoid(log 3) = 3/4, sigmoid(0) = 1/2
    scores = torch.tensor([[math.log(3.0), 0.0, 0.0]])
    expected = (-math.log(3 / 4) + math.log(2) + math.log(2)) / 3
    assert pointwise_loss(scores, LABELS, NONE).item() == pytest.approx(expected)


def test_plackett_luce_by_hand():
    # weights 1, 2, 3, drawn in the order of the labels: second, first, third
    scores = torch.tensor([[1.0, 2.0, 3.0]]).log()
    labels = torch.tensor([[0.5, 1.0, 0.0]])
    expected = -math.log(2 / 6 * 1 / 4 * 3 / 3)
    assert plackett_luce_loss(scores, labels, NONE).item() == pytest.approx(expected)


def test_infonce_sees_the_ground_truth_alone():
    scores = torch.tensor([[math.log(2.0), 0.0, 0.0]])
    assert infonce_loss(scores, LABELS, NONE).item() == pytest.approx(math.log(2))


@ALL
def test_padding_changes_nothing_and_gets_no_gradient(loss):
    short = loss(torch.tensor([[0.3, -0.7, 1.1]]), LABELS, NONE)
    scores = torch.tensor([[0.3, -0.7, 1.1, 9e9, math.nan]])[:, [3, 0, 1, 2]].requires_grad_()
    labels = torch.cat([torch.zeros(1, 1), LABELS], 1)
    padding = torch.tensor([[True, False, False, False]])
    long = loss(scores, labels, padding)
    assert long.item() == pytest.approx(short.item(), rel=1e-6)
    long.backward()
    assert scores.grad[0, 0] == 0
    assert torch.isfinite(scores.grad).all()


@ALL
def test_bfloat16_scores_of_any_size_give_a_finite_float32(loss):
    for size in (-3e38, -100.0, 100.0, 3e4):
        scores = torch.tensor([[size, 0.0, -size]], dtype=torch.bfloat16)
        value = loss(scores, LABELS, NONE)
        assert value.dtype == torch.float32
        assert not torch.isnan(value)
        if abs(size) < 1e30:
            assert torch.isfinite(value)


@ALL
def test_gradients(loss):
    torch.manual_seed(0)
    scores = torch.randn(3, 4, dtype=torch.double, requires_grad=True)
    labels = torch.tensor([[1.0, 0.4, 0.0, 0.7], [0.0, 1.0, 0.2, 0.0], [1.0, 0.9, 0.0, 0.0]])
    padding = torch.zeros(3, 4, dtype=torch.bool)
    padding[2, 2:] = True
    # float32 inside: a step and a bound to match
    assert torch.autograd.gradcheck(
        lambda s: loss(s, labels, padding), scores, eps=1e-2, atol=2e-3, rtol=1e-2
    )


@ALL
def test_a_better_order_has_a_smaller_loss(loss):
    good = loss(torch.tensor([[2.0, 0.0, -2.0]]), LABELS, NONE)
    bad = loss(torch.tensor([[-2.0, 0.0, 2.0]]), LABELS, NONE)
    assert good < bad


def test_a_query_without_labels_teaches_nothing():
    scores = torch.randn(1, 3, requires_grad=True)
    listwise_loss(scores, torch.zeros(1, 3), NONE).backward()
    assert scores.grad.abs().max() == 0
