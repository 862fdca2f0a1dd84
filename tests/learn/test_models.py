"""The networks' geometry: what is turned, scaled and shifted is found again."""

import pytest

torch = pytest.importorskip("torch")

from edgegeo.export.checkpoint import load_student  # noqa: E402
from edgegeo.learn.whitening import fit_whitening  # noqa: E402
from edgegeo.models.encoder import Encoder, EncoderConfig, pooling, turning  # noqa: E402
from edgegeo.models.encoder import moves as named  # noqa: E402
from edgegeo.models.ranker import SCALES, SHIFTS, TURNS_DEG, Ranker, shift_table  # noqa: E402
from edgegeo.models.relate import correlate, grids, turn_and_scale  # noqa: E402
from edgegeo.models.student import REACH, Relation  # noqa: E402
from tests.weights import STUDENT  # noqa: E402

CONFIG = EncoderConfig()
STEP = CONFIG.shift / CONFIG.grid  # between shifted embeddings, in tile sides
MIDDLE = 13  # the one of the 27 that is neither turned nor shifted


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
    ranker = Ranker(Relation(), CONFIG)
    frames, tiles = smooth_grid(1, 3), smooth_grid(2, 3)
    cosine, overlap = ranker.fine_volume(frames, tiles)
    expected = correlate(frames, tiles, REACH)
    each = torch.arange(3)
    torch.testing.assert_close(cosine, expected[0][each, each], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(overlap, expected[1][each, each], atol=1e-5, rtol=1e-4)


def test_the_rankers_turns_and_scales_are_those_of_turn_and_scale():
    ranker = Ranker(Relation(), CONFIG)
    assert len(ranker.transforms) == 3 * len(TURNS_DEG) * len(SCALES)
    frame = smooth_grid(5)
    for at in (0, 22, 37, 44):
        turn, scale = ranker.transforms[at]
        expected = turn_and_scale(frame, turn[None], scale[None])
        found = torch.nn.functional.grid_sample(frame, ranker.table[at][None], align_corners=False)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("move", "turn_deg"), [(4, -8.0), (4, -20.0), (13, 6.0), (22, 20.0)])
def test_the_ranker_finds_turn_scale_and_shift(move, turn_deg):
    """Around the turn of the embedding that found the tile: it tries 6 degrees to each side."""
    frames, tiles = smooth_grid(3, 2), smooth_grid(4, 5)
    seen = turn_and_scale(frames[1:], torch.tensor([turn_deg]), torch.tensor([1.12]))
    tiles[3] = torch.roll(seen[0], (2, -3), (1, 2))
    ranker = Ranker(Relation(), CONFIG).eval()
    with torch.no_grad():
        relevance, offset, log_variance, turn, scale = ranker(
            tokens(frames), torch.tensor([0, 1, 0, 1, 1]), torch.full((5,), move), tokens(tiles)
        )
    assert int(relevance.argmax()) == 3
    assert offset[3].tolist() == pytest.approx([-3 / 16, -2 / 16], abs=0.02)
    assert log_variance[3] < log_variance[[0, 1, 2, 4]].min() + 1
    assert (turn[3].item(), scale[3].item()) == pytest.approx((turn_deg, 1.12))


def test_each_pair_is_turned_as_its_own_move_says():
    """One call, three pairs, one of each turn of the encoder: as three calls of one."""
    frames, tiles = smooth_grid(6, 2), smooth_grid(7, 3)
    copy, move = torch.tensor([1, 0, 1]), torch.tensor([2, 26, 10])
    ranker = Ranker(Relation(), CONFIG).eval()
    with torch.no_grad():
        together = ranker(tokens(frames), copy, move, tokens(tiles))
        for n in range(3):
            one = slice(n, n + 1)
            alone = ranker(tokens(frames), copy[one], move[one], tokens(tiles[one]))
            for all_of_them, this in zip(together, alone, strict=True):
                torch.testing.assert_close(all_of_them[one], this, atol=1e-4, rtol=1e-4)
    base = [-14.0, 14.0, 0.0]
    assert (together[3] - torch.tensor(base)).abs().max() <= 6


def test_moves_are_named_in_the_order_of_the_embeddings():
    moves = named(CONFIG)
    assert moves.shape == (3 * SHIFTS, 3)
    assert len(moves.unique(dim=0)) == 3 * SHIFTS
    assert moves[MIDDLE].tolist() == [0, 0, 0]
    assert moves[MIDDLE + 1].tolist() == pytest.approx([0, STEP, 0])
    assert moves[MIDDLE - 3].tolist() == pytest.approx([0, 0, STEP])
    assert moves[:, 0].tolist() == [-14.0] * SHIFTS + [0.0] * SHIFTS + [14.0] * SHIFTS


def move_that_wins(moved, tile):
    """Of (27, d) embeddings the one most like the tile's: its turn, and east and north steps."""
    turn, east, north = named(CONFIG)[(moved @ tile).argmax()].tolist()
    return turn, round(east / STEP), round(north / STEP)


HOW_IT_LIES = [
    (14.0, 0, 0),
    (-14.0, 0, 0),
    (0.0, 1, 0),
    (0.0, 0, 1),
    (0.0, -1, -1),
]


@pytest.mark.parametrize("lies", [*HOW_IT_LIES, (0.0, 0, 0), (14.0, 1, 1), (-14.0, 1, -1)])
def test_of_moved_embeddings_the_one_that_fits_wins(lies):
    """The frame's heading is `turn` more than was said, and it lies steps east and north."""
    turn, east, north = lies
    torch.manual_seed(0)
    encoder = Encoder(CONFIG)
    tile = smooth_grid(8)
    shifted = torch.roll(tile, (3 * north, -3 * east), (2, 3))
    frame = turn_and_scale(shifted, torch.tensor([-turn]), torch.tensor([1.0]))
    moved, tiles = encoder.embed(tokens(frame))[0], encoder.embed(tokens(tile))[0]
    assert move_that_wins(moved, tiles[MIDDLE]) == lies


def pictures(seed, count):
    """Smooth colours, wider than a tile, so that they may be turned and shifted."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 3, 26, 26, generator=rng)
    return torch.nn.functional.interpolate(coarse, size=(208, 208), mode="bicubic")


def seen(pictures):
    middle = pictures[:, :, 40:168, 40:168]
    return torch.cat([middle, torch.ones(len(middle), 1, 128, 128)], 1)


@pytest.fixture(scope="module")
def encoder():
    """Of trained weights: those of a random network see little but the picture's edges."""
    encoder = load_student(STUDENT).encoder
    fit_whitening(encoder, seen(pictures(1, 96)))
    return encoder


@pytest.mark.parametrize("lies", HOW_IT_LIES)
def test_a_turned_and_shifted_picture_is_found_by_the_move_that_says_so(encoder, lies):
    turn, east, north = lies
    ground = pictures(0, 1)
    shifted = torch.roll(ground, (24 * north, -24 * east), (2, 3))
    frame = turn_and_scale(shifted, torch.tensor([-turn]), torch.tensor([1.0]))
    with torch.no_grad():
        tile, *_ = encoder(seen(ground))
        _, _, moved, moves = encoder(seen(frame))
    assert moves.tolist() == named(CONFIG).tolist()
    assert move_that_wins(moved[0], tile[0]) == lies


def test_the_embedding_is_the_one_that_is_not_moved():
    torch.manual_seed(0)
    image = torch.randn(2, 4, 128, 128)
    with torch.no_grad():
        embedding, found, moved, _ = Encoder(CONFIG).eval()(image)
    assert moved.shape == (2, 27, CONFIG.embedding_width)
    torch.testing.assert_close(embedding, moved[:, MIDDLE], atol=0, rtol=0)
    torch.testing.assert_close(moved.norm(dim=2), torch.ones(2, 27))
    assert found.shape == (2, 256, 32)


def test_no_turn_turns_nothing_and_pools_as_a_shift_does():
    torch.testing.assert_close(turning(16, 0.0), torch.eye(256), atol=1e-5, rtol=0)
    weights = pooling(CONFIG)
    assert weights.shape == (27, 16, 256)
    inner = weights[MIDDLE].reshape(4, 4, 16, 16)
    east = weights[MIDDLE + 1].reshape(4, 4, 16, 16)
    torch.testing.assert_close(east[..., :13], inner[..., 3:], atol=1e-6, rtol=0)


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
        embedding, found, *_ = encoder(image)
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
