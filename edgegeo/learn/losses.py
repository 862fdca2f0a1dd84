"""Losses. Pure functions of tensors: no model, no device, no config; float32 throughout."""

import torch
from torch import Tensor
from torch.nn import functional as F


def shift_targets(offsets: Tensor, same: Tensor, grid: int, reach: int) -> Tensor:
    """Where each query's centre lies on each tile, as soft labels over a volume of shifts.

    offsets  (q, k, 2)  query centre minus tile centre, (east, south) in tile sides
    same     (q, k)     whether tile and query show the same place
    returns  (q, k, s, s) with s = 2 * reach + 1: the four shifts around the true one share a
             mass equal to the overlap of query and tile; rows sum to 1 over all tiles, or to 0
             for a query that no tile shows. A tile that shows half of the frame is taught as
             half right, so a near miss is not punished as a wrong place is.
    """
    shifts = torch.arange(-reach, reach + 1, device=offsets.device, dtype=torch.float32)
    at = offsets.float() * grid
    near = (1 - (at[..., None] - shifts).abs()).clamp(min=0)  # (q, k, 2, s)
    overlap = (1 - offsets.abs()).clamp(min=0).prod(-1) * same
    mass = near[:, :, 1, :, None] * near[:, :, 0, None, :] * overlap[..., None, None]
    return mass / mass.sum((1, 2, 3), keepdim=True).clamp(min=1e-9)


def position_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the posterior over (tile, shift, or nowhere) against `shift_targets`.

    logits   (q, k, s, s)  relative to "nowhere", whose logit is 0
    targets  (q, k, s, s)
    """
    flat, wanted = logits.float().flatten(1), targets.flatten(1)
    nowhere = flat.new_zeros(len(flat), 1)
    log_p = torch.log_softmax(torch.cat([flat, nowhere], 1), 1)
    wanted = torch.cat([wanted, 1 - wanted.sum(1, keepdim=True)], 1)
    return -(wanted * log_p).sum(1).mean()


def nowhere_loss(logits: Tensor, same: Tensor) -> Tensor:
    """Cross-entropy towards "nowhere" with all tiles of the query's own place left out.

    Without it scores mean something only relative to each other, and a frame from off the map
    would be placed with confidence.
    """
    flat = logits.float().masked_fill(same[..., None, None], -1e4).flatten(1)
    return F.softplus(torch.logsumexp(flat, 1)).mean()
