"""Correlate two token grids over turns, scales and shifts: how a frame lies on a tile.

Every function takes tokens whose length is their weight (see models.encoder), so the weighted
mean cosine of two overlapping grids is sum(q . k) / sum(|q| |k|).
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def grids(tokens: Tensor) -> Tensor:
    """(b, t, c) tokens as (b, c, g, g) grids."""
    side = int(tokens.shape[1] ** 0.5)
    return tokens.transpose(1, 2).reshape(tokens.shape[0], tokens.shape[2], side, side)


def turn_and_scale(grid: Tensor, turn_deg: Tensor, scale: Tensor) -> Tensor:
    """Resample (b, c, g, g) grids as if the frame had been turned and magnified.

    turn_deg  (b,)  clockwise turn of the content, degrees
    scale     (b,)  magnification of the content: 1.1 makes everything 10 % larger
    """
    angle = torch.deg2rad(turn_deg)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    zero = torch.zeros_like(cos)
    # Where in the source (x right, y down) each target position is read: turned back.
    matrix = torch.stack([torch.stack([cos, sin, zero], -1), torch.stack([-sin, cos, zero], -1)], 1)
    where = F.affine_grid(matrix, list(grid.shape), align_corners=False)
    return F.grid_sample(grid, where, padding_mode="zeros", align_corners=False)


def correlate(queries: Tensor, candidates: Tensor, reach: int) -> tuple[Tensor, Tensor]:
    """Correlate every query grid with every candidate grid over all shifts up to `reach`.

    queries     (q, c, g, g)   already turned and scaled
    candidates  (k, c, g, g)
    returns     cosine (q, k, s, s) weighted mean cosine, and overlap (q, k, s, s) in [0, 1],
                with s = 2 * reach + 1. Index [dy + reach, dx + reach] lays the query's centre
                dx tokens east and dy tokens south of the candidate's centre.
    """
    padded = F.pad(candidates, [reach] * 4)
    numerator = F.conv2d(padded, queries)
    query_weight, weight = queries.norm(dim=1, keepdim=True), candidates.norm(dim=1, keepdim=True)
    denominator = F.conv2d(F.pad(weight, [reach] * 4), query_weight)
    whole = (weight.square().sum((1, 2, 3))[:, None] * query_weight.square().sum((1, 2, 3))).sqrt()
    cosine = numerator / (denominator + 1e-3)
    overlap = denominator / (whole[..., None, None] + 1e-3)
    return cosine.transpose(0, 1), overlap.transpose(0, 1).clamp(0, 1)
