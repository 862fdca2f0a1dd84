"""The student: encoder and relation, trained together."""

import torch
from torch import Tensor, nn

from edgegeo.correlation import LOG_GAIN, NULL, POWER
from edgegeo.correlation import REACH as REACH
from edgegeo.models.encoder import Encoder, EncoderConfig
from edgegeo.models.relate import correlate


class Relation(nn.Module):
    """Turn a correlation volume into log-odds of "the frame's centre is here".

    `logits = gain * cosine * overlap^power + what a small network sees in the volume`, beside
    the log-odds `null` of "on none of these tiles": a softmax over all shifts of all
    candidates and null is a posterior over positions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_gain = nn.Parameter(torch.tensor(LOG_GAIN))
        self.power = nn.Parameter(torch.tensor(POWER))
        self.null = nn.Parameter(torch.tensor(NULL))
        self.look = nn.Sequential(
            nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, 1, 3, padding=1)
        )
        last = self.look[-1]
        assert isinstance(last, nn.Conv2d)
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)

    def forward(self, cosine: Tensor, overlap: Tensor) -> Tensor:
        """(..., s, s) cosine and overlap -> (..., s, s) logits relative to null."""
        plain = self.log_gain.exp() * cosine * (overlap + 1e-4).pow(self.power)
        shape = plain.shape
        volume = torch.stack([plain, 4 * cosine, overlap], -3).reshape(-1, 3, *shape[-2:])
        seen: Tensor = self.look(volume)
        return plain + seen.reshape(shape) - self.null


class EveryScale(Relation):
    """The relation asked about every scale instead of the one that half resolution chooses.

    Same weights; the log-odds of a shift are those of its lying there at any of the scales.
    """

    def forward(self, cosine: Tensor, overlap: Tensor) -> Tensor:
        """(..., g, s, s) cosine and overlap at g scales -> (..., s, s) logits relative to null."""
        return torch.logsumexp(super().forward(cosine, overlap), -3)


class Student(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.relation = Relation()

    def volumes(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """(q, c, g, g), (k, c, g, g) -> (q, k, s, s) logits of all pairs."""
        logits: Tensor = self.relation(*correlate(queries, candidates, REACH))
        return logits
