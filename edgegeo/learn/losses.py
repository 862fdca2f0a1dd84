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


def retrieval_loss(
    frames: Tensor,
    tiles: Tensor,
    overlap: Tensor,
    unsure: Tensor,
    gain: Tensor,
    strangers: Tensor,
) -> Tensor:
    """Symmetric InfoNCE on unit embeddings with labels soft in the overlap of the footprints.

    frames   (b, m, d)     unit rows, m shifted embeddings each: the best of them counts
    tiles    (b, d)        unit rows
    overlap  (b, b)        share of tile j that frame i covers, 0 for different places
    unsure   (b, b)        pairs that are neither right nor wrong: tiles of the same place that
                           no shift of the frame reaches. Taught as right they make tokens say
                           which place this is, not what is where (training/LOG.md)
    strangers (n, d)       embeddings of earlier tiles: more wrong answers, without gradient

    A pair counts by the square of its overlap: a gallery holds a tile near every frame, so
    little is lost on a tile that shows a corner of it.
    """
    logits = gain * (frames.float() @ tiles.float().T).amax(1)
    logits = logits.masked_fill(unsure, -1e4)
    more = gain * (frames.float() @ strangers.float().T).amax(1)
    across = overlap / overlap.sum(1, keepdim=True).clamp(min=1e-9)
    down = overlap / overlap.sum(0, keepdim=True).clamp(min=1e-9)
    log_across = torch.log_softmax(torch.cat([logits, more], 1), 1)[:, : len(tiles)]
    rows = -(across * log_across).sum(1)
    columns = -(down * torch.log_softmax(logits, 0)).sum(0)
    row_weight, column_weight = overlap.amax(1).square(), overlap.amax(0).square()
    return (
        (row_weight * rows).sum() / row_weight.sum().clamp(min=1e-9)
        + (column_weight * columns).sum() / column_weight.sum().clamp(min=1e-9)
    ) / 2
