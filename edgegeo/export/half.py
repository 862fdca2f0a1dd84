"""The student in half precision inside, float32 in and out."""

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edgegeo.models.encoder import Encoder
from edgegeo.models.student import Student


def halved(student: Student) -> Student:
    """Return a copy whose convolutions compute in float16.

    What adds up many numbers stays in float32: the image's statistics, whose sums of squares
    leave float16, the norms of tokens, and the pooling and projection to embeddings. Batch
    normalisation is folded into the weights before they are rounded, so they are rounded once.
    """
    half = folded(student)
    for part in convolutions(half.encoder):
        part.half()
    return half


def folded(student: Student) -> Student:
    """Return a copy that computes the same with batch normalisation folded into convolutions."""
    plain = copy.deepcopy(student).eval()
    for pair in plain.modules():
        if isinstance(pair, nn.Sequential) and len(pair) == 2:
            first, second = pair[0], pair[1]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                pair[0], pair[1] = fuse_conv_bn_eval(first, second), nn.Identity()
    return plain


def convolutions(encoder: Encoder) -> list[nn.Module]:
    """The parts of an encoder that hold its convolutions, from the image to the tokens."""
    return [
        *(encoder.stem, encoder.stride4, encoder.stride8, encoder.stride16),
        *(encoder.context, encoder.features, encoder.weight),
    ]
