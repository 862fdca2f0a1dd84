"""The networks' geometry: what is turned, scaled and shifted is found again."""

import pytest

torch = pytest.importorskip("torch")

from edgegeo.models.encoder import Encoder, EncoderConfig  # noqa: E402
from edgegeo.models.ranker import Ranker, shift_table  # noqa: E402
from edgegeo.models.relate import correlate, grids, turn_and_scale  # noqa: E402
from edgegeo.models.student import REACH, Relation  # noqa: E402


def smooth_grid(seed, count=1, width=32, side=16):
    """Token grids that vary slowly enough to survive resampling."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, width, side // 2 + 2, side // 2 + 2, generator=rng)
    fine = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    return torch.nn.functional.normalize(fine, dim=1)


def tokens(grid):
    return grid.flatten(2).transpose(1, 2)


def test_a_shift_is_found_where_it_was_put():
    frame = smooth_grid(0)
    tile = torch.roll(frame, (2, -3), (2, 3))  # content 2 south, 3 west
    cosine, overlap = correlate(frame, tile, REACH)
    best = divmod(int((cosine * overlap.sqrt())[0, 0].argmax()), 2 * REACH + 1)
    assert best == (REACH + 2, REACH - 3)


def test_turning_clockwise_moves_the_north_to_the_east():
    grid = torch.zeros(1, 1, 16, 16)
    grid[0, 0, 1:4, 7:9] = 1.0  # north
    turned = turn_and_scale(grid, torch.tensor([90.0]), torch.tensor([1.0]))
    assert turned[0, 0, 7:9, 12:15].mean() > 0.9


def test_magnifying_moves_content_outwards():
    grid = torch.zeros(1, 1, 16, 16)
    grid[0, 0, 7:9, 10] = 1.0  # 2.5 east of the centre
    larger = turn_and_scale(grid, torch.tensor([0.0]), torch.tensor([2.0]))
    assert larger[0, 0, 7:9, 12:14].min() > 0.5  # now 5 east


def test_the_ranker_computes_what_correlate_computes():
    relation = Relation()
    ranker = Ranker(relation, 16)
    frames, tiles = smooth_grid(1, 3), smooth_grid(2, 3)
    cosine, overlap = ranker.fine_volume(frames, tiles)
    expected = correlate(frames, tiles, REACH)
    each = torch.arange(3)
    torch.testing.assert_close(cosine, expected[0][each, each], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(overlap, expected[1][each, each], atol=1e-5, rtol=1e-4)


def test_the_ranker_finds_turn_scale_and_shift():
    frames, tiles = smooth_grid(3, 2), smooth_grid(4, 5)
    seen = turn_and_scale(frames[1:], torch.tensor([6.0]), torch.tensor([1.12]))
    tiles[3] = torch.roll(seen[0], (2, -3), (1, 2))
    ranker = Ranker(Relation(), 16).eval()
    with torch.no_grad():
        relevance, offset, log_variance = ranker(
            tokens(frames), torch.tensor([0, 1, 0, 1, 1]), tokens(tiles)
        )
    assert int(relevance.argmax()) == 3
    assert offset[3].tolist() == pytest.approx([-3 / 16, -2 / 16], abs=0.02)
    assert log_variance[3] < log_variance[[0, 1, 2, 4]].min() + 1


def test_a_shift_off_the_grid_meets_the_outside():
    table = shift_table(2, 1)
    assert table[0].tolist() == [4, 4, 4, 0]  # one north, one west
    assert table[4].tolist() == [0, 1, 2, 3]


def test_the_encoder_does_not_see_what_is_not_covered():
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig()).eval()
    image = torch.randn(1, 4, 128, 128)
    image[:, 3] = 1.0
    image[:, :, :, 96:] = 0.0
    with torch.no_grad():
        embedding, found, _ = encoder(image)
    length = grids(found).norm(dim=1)
    assert embedding.norm().item() == pytest.approx(1.0, abs=1e-5)
    assert length[..., 12:].abs().max() == 0
    assert length[..., :12].min() > 0


def test_exposure_and_white_balance_hardly_change_the_embedding():
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig()).eval()
    image = torch.randn(1, 4, 128, 128)
    image[:, 3] = 1.0
    other = image.clone()
    other[:, :3] = 0.5 * image[:, :3] + torch.tensor([0.3, -0.2, 0.1])[:, None, None]
    with torch.no_grad():
        torch.testing.assert_close(encoder(image)[0], encoder(other)[0], atol=2e-3, rtol=0)
