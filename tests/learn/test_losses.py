"""Losses with hand numbers, hostile dtypes and checked gradients."""

import math

import pytest

torch = pytest.importorskip("torch")

from edgegeo.learn import losses  # noqa: E402


def pair(east, south, same=True):
    return torch.tensor([[[east, south]]]), torch.tensor([[same]])


def test_a_target_between_four_shifts_is_shared_bilinearly():
    offsets, same = pair(1.25 / 16, -2.5 / 16)
    target = losses.shift_targets(offsets, same, grid=16, reach=6)[0, 0]
    assert target.sum().item() == pytest.approx(1.0)
    # rows are southward shifts from -6, columns eastward: -2.5 lies between rows 3 and 4
    assert target[3, 7].item() == pytest.approx(0.5 * 0.75)
    assert target[4, 8].item() == pytest.approx(0.5 * 0.25)


def test_a_place_that_no_tile_shows_has_no_target():
    assert losses.shift_targets(*pair(0.0, 0.0, same=False), grid=16, reach=6).sum() == 0


def test_near_tiles_share_the_label_by_overlap():
    offsets = torch.tensor([[[0.0, 0.0], [0.25, 0.0]]])
    target = losses.shift_targets(offsets, torch.tensor([[True, True]]), grid=16, reach=6)
    assert target.sum((2, 3))[0].tolist() == pytest.approx([1 / 1.75, 0.75 / 1.75])


def test_position_loss_of_a_flat_volume_is_the_log_of_its_size():
    offsets, same = pair(0.0, 0.0)
    target = losses.shift_targets(offsets, same, grid=16, reach=6)
    loss = losses.position_loss(torch.zeros(1, 1, 13, 13), target)
    assert loss.item() == pytest.approx(math.log(13 * 13 + 1), rel=1e-5)


def test_nowhere_loss_leaves_out_the_queries_own_place():
    logits = torch.full((1, 2, 3, 3), -50.0)
    logits[0, 0] = 50.0
    same = torch.tensor([[True, False]])
    assert losses.nowhere_loss(logits, same).item() == pytest.approx(0.0, abs=1e-6)
    assert losses.nowhere_loss(logits, ~same).item() > 50


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_losses_are_finite_for_extreme_logits(dtype):
    offsets, same = pair(0.1, 0.1)
    target = losses.shift_targets(offsets, same, grid=16, reach=6)
    for size in (-3e4, 3e4):
        logits = torch.full((1, 1, 13, 13), size, dtype=dtype)
        assert torch.isfinite(losses.position_loss(logits, target))


def test_gradients():
    torch.manual_seed(0)
    offsets = torch.rand(2, 2, 2) - 0.5
    same = torch.eye(2, dtype=torch.bool)
    target = losses.shift_targets(offsets, same, grid=4, reach=2).double()
    logits = torch.randn(2, 2, 5, 5, dtype=torch.double, requires_grad=True)
    logits.grad = None
    losses.position_loss(logits, target).backward()
    at, step = (1, 0, 2, 3), 1e-2
    up, down = logits.detach().clone(), logits.detach().clone()
    up[at] += step
    down[at] -= step
    slope = (losses.position_loss(up, target) - losses.position_loss(down, target)) / (2 * step)
    assert logits.grad is not None
    assert logits.grad[at].item() == pytest.approx(slope.item(), abs=1e-4)
