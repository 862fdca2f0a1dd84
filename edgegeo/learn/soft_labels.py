"""How right each candidate of a query is, between 0 and 1, from what the mining wrote down.

Pure functions of tensors, float32. In each, the ground truth has 1, padding 0, and no other
candidate more than 1. Which to prefer:

similarity  any set, also one without coordinates (University-1652, SUES-200): places that look
            alike from above are taught as half right. The paper's.
overlap     tiles that overlap (GTA-UAV, UAV-VisLoc, a map of one's own): a tile that shows half
            of the frame is half right. Prefer it wherever footprints are known and overlap.
distance    coordinates but no footprints (DenseUAV), or tiles too small to overlap.

Where no candidate but the ground truth gets a label above 0, as on naip, whose places do not
overlap, `overlap` is the hard label.
"""

import torch
from torch import Tensor

from edgegeo.errors import RangeError

SOURCES = ("similarity", "overlap", "distance", "hard")


def hard_labels(is_truth: Tensor, padding: Tensor) -> Tensor:
    """1 for the ground truth, 0 for all others: the ablation.

    is_truth, padding (b, k) bool. Returns (b, k) float32.
    """
    return (is_truth & ~padding).float()


def similarity_labels(
    similarity: Tensor, is_truth: Tensor, padding: Tensor, threshold: float
) -> Tensor:
    """The cosine of a candidate's embedding and the ground truth's, 0 below the threshold.

    similarity         (b, k) in [-1, 1]
    is_truth, padding  (b, k) bool
    returns            (b, k) float32

    The label of arXiv 2603.08063; its threshold is not published. Above 0, so that a candidate
    is never less than wrong.
    """
    if not 0 <= threshold <= 1:
        raise RangeError.of("the threshold", "in [0, 1]", threshold)
    given = similarity.float().clamp(0, 1)
    return _labels(given * (given >= threshold), is_truth, padding)


def overlap_labels(overlap: Tensor, is_truth: Tensor, padding: Tensor) -> Tensor:
    """Intersection over union of a candidate's footprint with the ground truth's.

    overlap (b, k) in [0, 1]; the others and the result as in `similarity_labels`. GTA-UAV
    weighs its pairs so in its own table.
    """
    return _labels(overlap.float().clamp(0, 1), is_truth, padding)


def distance_labels(distance_m: Tensor, is_truth: Tensor, padding: Tensor, tau_m: float) -> Tensor:
    """exp(-d / tau): with `listwise_loss`, which divides by the sum, this is softmax(-d / tau).

    distance_m (b, k) candidate's centre to the frame's, in metres; tau_m above 0. Distances
    count from the nearest ground truth, so that it has 1 wherever the frame lies on it.
    """
    if not tau_m > 0:
        raise RangeError.of("tau_m", "above 0", tau_m)
    metres = distance_m.float()
    off = metres.masked_fill(~is_truth | padding, torch.inf).amin(1, keepdim=True)
    beyond = (metres - torch.where(off.isinf(), 0.0, off)).clamp(min=0)
    return _labels(torch.exp(-beyond / tau_m), is_truth, padding)


def _labels(given: Tensor, is_truth: Tensor, padding: Tensor) -> Tensor:
    return torch.where(is_truth, 1.0, given).masked_fill(padding, 0.0)
