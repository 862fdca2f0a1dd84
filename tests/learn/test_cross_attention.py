"""The ranker without a correlation."""

import pytest

torch = pytest.importorskip("torch")

from edgegeo.models.cross_attention import CrossAttention  # noqa: E402
from edgegeo.models.student import REACH  # noqa: E402


@pytest.fixture
def ranker():
    torch.manual_seed(0)
    return CrossAttention().eval()


def test_a_candidate_is_judged_by_itself(ranker):
    frame, tiles = torch.randn(2, 1, 64, 32), torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        logits = ranker(frame, tiles)
        assert logits.shape == (2, 3, 2 * REACH + 1, 2 * REACH + 1)
        alone = ranker(frame[1:], tiles[1:, 2:])
        torch.testing.assert_close(alone[0, 0], logits[1, 2])
        swapped = ranker(frame.flip(0), tiles)
    assert (swapped - logits).abs().max() > 1e-4  # each list looks at its own frame


def test_it_knows_where_a_token_lies(ranker):
    frame, tile = torch.randn(1, 1, 64, 32), torch.randn(1, 1, 64, 32)
    with torch.no_grad():
        moved = ranker(frame, tile.roll(8, 2)) - ranker(frame, tile)
    assert moved.abs().max() > 1e-5


def test_everything_learns(ranker):
    ranker.train()
    torch.logsumexp(
        ranker(torch.randn(1, 1, 64, 32), torch.randn(1, 2, 64, 32)), (2, 3)
    ).sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in ranker.parameters())
