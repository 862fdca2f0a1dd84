"""Fit the projection of pooled tokens to embeddings: whitened principal components of tiles."""

import torch
from torch import Tensor

from edgegeo.models.encoder import Encoder

POWER = 0.35  # of the variances divided by: 0.5 whitens fully, and raises noise
FLOOR = 0.01  # of the mean variance, added to each


@torch.no_grad()
def fit_whitening(encoder: Encoder, tiles: Tensor, batch: int = 64) -> None:
    """Set `encoder.mean` and `encoder.projection` from (n, 4, px, px) pictures of map tiles.

    Pooled tokens share a few strong components (there is a road, it is bright here) that say
    little about the place. Divided by their variance to the POWER they count less, as in the
    whitening of Jegou and Chum (2012), chosen on val (training/LOG.md). Nothing is learned
    about which place is which.
    """
    middle = encoder.pooling.shape[0] // 2
    parts = [encoder.pool(encoder.tokens(part))[:, middle] for part in torch.split(tiles, batch)]
    pooled = torch.cat(parts).double()
    mean = pooled.mean(0)
    centred = pooled - mean
    variance, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
    width = encoder.projection.shape[1]
    variance, axes = variance.flip(0)[:width].clamp(min=0), axes.flip(1)[:, :width]
    scale = (variance + FLOOR * variance.mean()).pow(-POWER)
    encoder.mean.copy_(mean)
    encoder.projection.copy_(axes * scale)
