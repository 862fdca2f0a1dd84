"""Label sources by hand."""

import math

import pytest

torch = pytest.importorskip("torch")

from edgegeo.errors import RangeError  # noqa: E402
from edgegeo.learn.soft_labels import (  # noqa: E402
    distance_labels,
    hard_labels,
    overlap_labels,
    similarity_labels,
)

TRUTH = torch.tensor([[False, True, False, False]])
PADDING = torch.tensor([[False, False, False, True]])


def test_similarity_counts_from_the_threshold():
    cosines = torch.tensor([[0.8, 0.99, 0.7, 0.9]])
    labels = similarity_labels(cosines, TRUTH, PADDING, 0.75)
    assert labels.tolist() == [pytest.approx([0.8, 1, 0, 0])]
    everything = similarity_labels(cosines - 1.0, TRUTH, PADDING, 0.0)
    assert everything.tolist() == [[0, 1, 0, 0]]  # a negative cosine is wrong, not less


def test_overlap_is_the_label():
    iou = torch.tensor([[0.4, 0.7, 0.0, 0.9]])
    assert overlap_labels(iou, TRUTH, PADDING).tolist() == [pytest.approx([0.4, 1, 0, 0])]


def test_distance_decays_from_the_ground_truth():
    metres = torch.tensor([[30.0, 10.0, 5.0, 0.0]])
    labels = distance_labels(metres, TRUTH, PADDING, 20.0)
    assert labels.tolist() == [pytest.approx([math.exp(-1), 1, 1, 0])]
    shares = torch.softmax(-torch.tensor([30.0, 10.0, 10.0]) / 20, 0)
    assert (labels / labels.sum()).tolist()[0][:3] == pytest.approx(shares.tolist())


def test_distance_without_a_ground_truth_is_plain():
    labels = distance_labels(torch.tensor([[20.0, 0.0]]), *torch.zeros(2, 1, 2).bool(), 20.0)
    assert labels.tolist() == [pytest.approx([math.exp(-1), 1])]


def test_hard_labels():
    assert hard_labels(TRUTH, PADDING).tolist() == [[0, 1, 0, 0]]
    assert hard_labels(TRUTH, TRUTH).sum() == 0


def test_labels_are_float32_whatever_comes():
    rough = torch.tensor([[0.9, 1.0, 0.2, 0.0]], dtype=torch.bfloat16)
    assert similarity_labels(rough, TRUTH, PADDING, 0.5).dtype == torch.float32
    assert overlap_labels(rough.double(), TRUTH, PADDING).dtype == torch.float32


def test_thresholds_out_of_range():
    cosines = torch.zeros(1, 4)
    with pytest.raises(RangeError, match=r"threshold must be in \[0, 1\], got 1\.5"):
        similarity_labels(cosines, TRUTH, PADDING, 1.5)
    with pytest.raises(RangeError, match="tau_m must be above 0, got 0"):
        distance_labels(cosines, TRUTH, PADDING, 0)
