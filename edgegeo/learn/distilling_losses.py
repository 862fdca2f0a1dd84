"""What a student learns from a teacher's scores. Pure functions, float32 throughout.

student, teacher  (b, k)  scores in log-odds of any dtype, one row a query, its candidates
padding           (b, k)  bool: no candidate here; it has no part and no gradient

Which to prefer: `listwise_kl` where the teacher's order of the whole list is worth having;
`margin_mse` where only the distance between the right candidate and each wrong one is. The
teacher's scores must be in log-odds (`log_odds_scale`): a value head has no unit of its own.
"""

import torch
from torch import Tensor

SCALES = torch.logspace(-3, 2, 101)


def listwise_kl(student: Tensor, teacher: Tensor, padding: Tensor, temperature: float) -> Tensor:
    """KL(teacher || student) of the softmax over a list at a temperature, times its square.

    Hinton, Vinyals and Dean (2015), over candidates in place of classes; the square keeps the
    gradient's size whatever the temperature. Mean over the queries.
    """
    mine = torch.log_softmax(_kept(student, padding) / temperature, 1)
    theirs = torch.log_softmax(_kept(teacher, padding) / temperature, 1)
    parts = (theirs.exp() * (theirs - mine)).masked_fill(padding, 0)
    return parts.sum(1).mean() * temperature**2


def margin_mse(student: Tensor, teacher: Tensor, is_truth: Tensor, padding: Tensor) -> Tensor:
    """Squared error of the student's lead of right over wrong candidates against the teacher's.

    Hofstaetter et al. (2020), arXiv 2010.02666; mean over all pairs of a right and a wrong one
    of a query, 0 where there is none. is_truth (b, k) bool.
    """
    gap = student.float().masked_fill(padding, 0) - teacher.float().masked_fill(padding, 0)
    right, wrong = is_truth & ~padding, ~is_truth & ~padding
    pairs = right[:, :, None] & wrong[:, None, :]
    error = (gap[:, :, None] - gap[:, None, :]).square()
    return error.masked_fill(~pairs, 0).sum() / pairs.sum().clamp(min=1)


def offset_loss(logits: Tensor, offsets: Tensor, shows: Tensor, grid: int) -> Tensor:
    """Negative log-likelihood of where the frame's centre lies on each tile that shows it.

    logits   (b, k, s, s)  of the relation, one for each shift in tokens, s odd
    offsets  (b, k, 2)     frame centre minus tile centre, (east, south) in tile sides; any value
                           where not `shows`
    shows    (b, k)        bool: the tile shows the frame's centre, within reach of the shifts
    grid                   tokens a tile is wide

    The target is spread over the four shifts around the true one, as in `losses.shift_targets`.
    Mean over those tiles, 0 where there is none.
    """
    reach = logits.shape[-1] // 2
    shifts = torch.arange(-reach, reach + 1, device=logits.device, dtype=torch.float32)
    at = offsets.float().masked_fill(~shows[..., None], 0) * grid
    near = (1 - (at[..., None] - shifts).abs()).clamp(min=0)  # (b, k, 2, s)
    wanted = (near[:, :, 1, :, None] * near[:, :, 0, None, :]).flatten(2)
    parts = -(wanted * torch.log_softmax(logits.float().flatten(2), 2)).sum(2)
    return parts.masked_fill(~shows, 0).sum() / shows.sum().clamp(min=1)


def log_odds_scale(teacher: Tensor, is_truth: Tensor, padding: Tensor) -> float:
    """What a teacher's scores are multiplied by to be log-odds: the scale, of SCALES, at which a
    softmax over each list puts most mass on the truth. All (q, k); lists without a truth have
    no say. Temperature scaling, Guo et al. (2017)."""
    there = (is_truth & ~padding).any(1)
    scores, hidden, right = _kept(teacher, padding)[there], padding[there], is_truth[there]
    if not len(scores):
        return 1.0
    masses = []
    for scale in SCALES:
        log_p = torch.log_softmax((scores * scale).masked_fill(hidden, -1e9), 1)
        masses.append(torch.logsumexp(log_p.masked_fill(~right, -1e9), 1).mean())
    return float(SCALES[torch.stack(masses).argmax()])


def _kept(scores: Tensor, padding: Tensor) -> Tensor:
    """In place of -inf a finite number: 0 * -inf would be nan in the loss and its gradient."""
    return scores.float().masked_fill(padding, -1e9)
