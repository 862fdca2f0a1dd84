"""The whitening of embeddings: what all tiles share no longer speaks loudest."""

import pytest

torch = pytest.importorskip("torch")

from edgegeo.learn import whitening  # noqa: E402
from edgegeo.learn.whitening import fit_whitening  # noqa: E402
from edgegeo.models.encoder import Encoder, EncoderConfig  # noqa: E402

CONFIG = EncoderConfig()
MIDDLE = 13


@pytest.fixture
def encoder(monkeypatch):
    """Gives back as tokens what it is shown."""
    torch.manual_seed(0)
    encoder = Encoder(CONFIG).eval()
    monkeypatch.setattr(encoder, "tokens", lambda tokens: tokens)
    return encoder


def tokens_of_tiles(count, seed=0):
    """Tokens that share a mean, differ most by how much of one pattern they hold, and otherwise
    by a little of everything."""
    rng = torch.Generator().manual_seed(seed)
    mean, common = torch.randn(2, 256, 32, generator=torch.Generator().manual_seed(99))
    much = torch.randn(count, 1, 1, generator=rng)
    return mean + much * common + 0.6 * torch.randn(count, 256, 32, generator=rng)


def variances(rows):
    """Along the principal axes, largest first."""
    return torch.linalg.eigvalsh(torch.cov(rows.T.double())).flip(0)


def test_a_component_that_all_tiles_share_no_longer_dominates(encoder):
    tokens = tokens_of_tiles(600)
    before = variances(encoder.pool(tokens)[:, MIDDLE])
    fit_whitening(encoder, tokens)
    after = variances(encoder.embed(tokens)[:, MIDDLE])
    assert before[0] / before[:128].sum() > 0.5
    assert after[0] / after.sum() < 0.2


def test_tiles_are_less_alike_than_before_on_tiles_not_fitted_on(encoder):
    def alike(rows):
        return (rows @ rows.T).fill_diagonal_(0).abs().mean()

    fit_whitening(encoder, tokens_of_tiles(600))
    others = tokens_of_tiles(50, seed=1)
    assert alike(encoder.pool(others)[:, MIDDLE]) > 0.4
    assert alike(encoder.embed(others)[:, MIDDLE]) < 0.2


def test_embeddings_are_unit_rows_of_the_width_that_was_set(encoder):
    fit_whitening(encoder, tokens_of_tiles(200))
    rows = encoder.embed(tokens_of_tiles(3, seed=2))
    assert rows.shape == (3, 27, CONFIG.embedding_width)
    torch.testing.assert_close(rows.norm(dim=2), torch.ones(3, 27))


def test_the_fit_is_the_same_on_every_run_and_in_every_batch(encoder):
    fits = []
    for batch in (64, 64, 50):
        fit_whitening(encoder, tokens_of_tiles(200), batch=batch)
        fits.append((encoder.mean.clone(), encoder.projection.clone()))
    torch.testing.assert_close(fits[0], fits[1], atol=0, rtol=0)
    alike = (fits[0][1].T @ fits[2][1]).diagonal() / fits[0][1].square().sum(0)
    torch.testing.assert_close(alike[:8].abs(), torch.ones(8), atol=1e-3, rtol=0)


def test_a_variance_counts_by_its_power(encoder, monkeypatch):
    """Without a floor and at half, all of what is kept varies alike: whitening in full."""
    monkeypatch.setattr(whitening, "POWER", 0.5)
    monkeypatch.setattr(whitening, "FLOOR", 0.0)
    tokens = tokens_of_tiles(600)
    fit_whitening(encoder, tokens)
    rows = (encoder.pool(tokens)[:, MIDDLE] - encoder.mean) @ encoder.projection
    covariance = rows.T @ rows / len(rows)
    torch.testing.assert_close(covariance, torch.eye(128), atol=1e-2, rtol=0)


def test_fewer_tiles_than_components_still_give_numbers(encoder):
    fit_whitening(encoder, tokens_of_tiles(20))
    assert torch.isfinite(encoder.embed(tokens_of_tiles(5, seed=3))).all()


def test_no_gradient_is_kept(encoder):
    fit_whitening(encoder, tokens_of_tiles(20).requires_grad_())
    assert not encoder.projection.requires_grad
