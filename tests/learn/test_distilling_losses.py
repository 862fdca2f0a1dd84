"""What a student learns from a teacher, against numbers worked out by hand."""

import math

import pytest

torch = pytest.importorskip("torch")

from edgegeo.learn.distilling_losses import (  # noqa: E402
    SCALES,
    listwise_kl,
    log_odds_scale,
    margin_mse,
    offset_loss,
)

NONE = torch.zeros(1, 2, dtype=torch.bool)


def test_kl_of_two_candidates_by_hand():
    student, teacher = torch.zeros(1, 2), torch.tensor([[math.log(3), 0.0]])
    # teacher (3/4, 1/4) against (1/2, 1/2)
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert listwise_kl(student, teacher, NONE, 1.0).item() == pytest.approx(expected, abs=1e-6)
    doubled = listwise_kl(student, 2 * teacher, NONE, 2.0).item()
    assert doubled == pytest.approx(4 * expected, abs=1e-5)


def test_kl_is_nothing_where_both_agree_and_a_shift_says_nothing():
    scores = torch.randn(3, 5, generator=torch.manual_seed(0))
    padding = torch.zeros(3, 5, dtype=torch.bool)
    assert listwise_kl(scores + 7, scores, padding, 2.0).item() == pytest.approx(0, abs=1e-5)


def test_margin_by_hand():
    student, teacher = torch.tensor([[3.0, 1.0, 9.0]]), torch.tensor([[5.0, 0.0, 0.0]])
    truth = torch.tensor([[True, False, False]])
    padding = torch.tensor([[False, False, True]])
    assert margin_mse(student, teacher, truth, padding).item() == pytest.approx((2 - 5) ** 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_padding_has_no_part_and_no_gradient(dtype):
    student = torch.tensor([[1.0, 0.0, 2.0]], dtype=dtype, requires_grad=True)
    teacher = torch.tensor([[2.0, 0.0, math.nan]], dtype=dtype)
    padding = torch.tensor([[False, False, True]])
    truth = torch.tensor([[True, False, False]])
    loss = listwise_kl(student, teacher, padding, 2.0) + margin_mse(
        student, teacher, truth, padding
    )
    loss.backward()
    assert loss.dtype == torch.float32
    assert torch.isfinite(student.grad).all()
    assert student.grad[0, 2] == 0


def test_offset_takes_the_four_shifts_around_the_true_one():
    logits = torch.zeros(1, 1, 5, 5)
    logits[0, 0, 2, 3] = 50.0  # a token east of the middle
    shows = torch.ones(1, 1, dtype=torch.bool)
    east = torch.tensor([[[1 / 16, 0.0]]])
    assert offset_loss(logits, east, shows, 16).item() == pytest.approx(0, abs=1e-5)
    half = torch.tensor([[[0.5 / 16, 0.0]]])
    assert offset_loss(logits, half, shows, 16).item() == pytest.approx(25, abs=1e-3)


def test_offset_of_a_tile_that_does_not_show_the_frame_says_nothing():
    logits = torch.randn(1, 2, 5, 5, requires_grad=True)
    offsets = torch.tensor([[[0.0, 0.0], [math.nan, math.nan]]])
    loss = offset_loss(logits, offsets, torch.tensor([[True, False]]), 16)
    loss.backward()
    assert torch.isfinite(loss)
    assert not logits.grad[0, 1].any()


def test_offset_gradient_is_right():
    logits = torch.randn(1, 1, 5, 5, dtype=torch.float64, requires_grad=True)
    offsets = torch.tensor([[[0.03, -0.05]]])
    shows = torch.ones(1, 1, dtype=torch.bool)
    assert torch.autograd.gradcheck(
        lambda x: offset_loss(x, offsets, shows, 16), logits, eps=1e-2, atol=1e-2
    )


def test_a_teacher_that_is_always_right_is_scaled_up_and_one_that_guesses_down():
    truth = torch.eye(4, dtype=torch.bool)
    padding = torch.zeros_like(truth)
    assert log_odds_scale(truth.float(), truth, padding) > 10  # float32 tells no more apart
    assert log_odds_scale(-truth.float(), truth, padding) == pytest.approx(float(SCALES[0]))
