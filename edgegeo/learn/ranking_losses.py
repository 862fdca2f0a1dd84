"""Losses of a list of scores against its soft labels. Pure functions, float32 throughout.

scores   (b, k)  of any dtype, one row a query
labels   (b, k)  in [0, 1], of `soft_labels`; padding has 0
padding  (b, k)  bool: no candidate here; whatever its score, it has no part and no gradient

Which to prefer: `listwise_loss` where only the order counts and the lists are the retriever's
own (the paper's setting). `pointwise_loss` where a score must mean something by itself, as for
a gate or a list without the ground truth. `plackett_luce_loss` where labels order the whole
list, as distances do; it wastes the equal labels of a list of one right candidate and nine
wrong. `infonce_loss` is the hard-label ablation.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def listwise_loss(scores: Tensor, labels: Tensor, padding: Tensor) -> Tensor:
    """Cross-entropy of softmax(scores) against labels / sum(labels), mean over the queries.

    The loss of arXiv 2603.08063 as far as it can be reconstructed from what is published. A
    query without any label above 0 has nothing to teach and counts as 0.
    """
    wanted = labels.float().masked_fill(padding, 0)
    wanted = wanted / wanted.sum(1, keepdim=True).clamp(min=1e-9)
    return -(wanted * _log_softmax(scores, padding)).sum(1).mean()


def pointwise_loss(scores: Tensor, labels: Tensor, padding: Tensor) -> Tensor:
    """Binary cross-entropy of sigmoid(score) with its soft label, mean over all candidates."""
    parts = F.binary_cross_entropy_with_logits(
        scores.float().masked_fill(padding, 0), labels.float(), reduction="none"
    )
    return parts.masked_fill(padding, 0).sum() / (~padding).sum().clamp(min=1)


def plackett_luce_loss(scores: Tensor, labels: Tensor, padding: Tensor) -> Tensor:
    """Negative log-likelihood of the labels' order, best drawn first, mean over the queries.

    Plackett, 1975; GeoRanker trains with it, but takes exp, then log, of
    bfloat16 rewards; here the remaining candidates' sum is a logcumsumexp. Equal labels keep the
    order of the list, the retriever's.
    """
    rank = labels.float().masked_fill(padding, -1)
    order = rank.argsort(dim=1, descending=True, stable=True)
    gone = padding.gather(1, order)
    drawn = scores.float().masked_fill(padding, 0).gather(1, order)
    # the log of the sum over this candidate and all that are drawn later
    left = drawn.masked_fill(gone, torch.finfo(torch.float32).min).flip(1).logcumsumexp(1).flip(1)
    return (left - drawn).masked_fill(gone, 0).sum(1).mean()


def infonce_loss(scores: Tensor, labels: Tensor, padding: Tensor) -> Tensor:
    """Cross-entropy of the ground truth alone: `listwise_loss` with labels below 1 dropped."""
    return listwise_loss(scores, (labels == 1).float(), padding)


LOSSES = {
    "listwise": listwise_loss,
    "pointwise": pointwise_loss,
    "plackett-luce": plackett_luce_loss,
    "infonce": infonce_loss,
}


def _log_softmax(scores: Tensor, padding: Tensor) -> Tensor:
    """In place of -inf a finite number: 0 * -inf would be nan in the loss and its gradient."""
    return torch.log_softmax(scores.float().masked_fill(padding, -1e9), 1).masked_fill(padding, 0)
