"""A ranker of attention alone, without a correlation: what the relation is compared with."""

import torch
from torch import Tensor, nn

from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.student import REACH


class CrossAttention(nn.Module):
    """Frame tokens look at each other, then in turn at a tile's; a mean of them is the answer.

    forward(frame (b, 1, t, c), tile (b, n, t, c)):  tokens of half the grid's resolution, see
                                                     learn.pair_tokens
    returns  (b, n, s, s) log-odds of "the frame's centre is here" over shifts, s = 2 REACH + 1, as
             `models.student.Relation` gives them

    Layers are pre-norm transformer layers (Vaswani et al., 2017; Xiong et al., 2020). The size is
    chosen so that 32 candidates cost no more than twice the relation's correlation.
    """

    def __init__(self, width: int = 64, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        config = EncoderConfig()
        self.enter = nn.Linear(config.token_width, width)
        self.place = nn.Parameter(0.02 * torch.randn(config.grid**2 // 4, width))
        self.alone = Attend(width, heads)
        self.layers = nn.ModuleList(Attend(width, heads) for _ in range(layers))
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, (2 * REACH + 1) ** 2))
        self.null = nn.Parameter(torch.tensor(8.0))  # log-odds of no tile, as the relation's

    def forward(self, frame: Tensor, tile: Tensor) -> Tensor:
        n, side = tile.shape[1], 2 * REACH + 1
        x, y = (self.enter(tokens).flatten(0, 1) + self.place for tokens in (frame, tile))
        x = self.alone(x, x).repeat_interleave(n, 0)
        for layer in self.layers:
            x = layer(x, y)
        logits: Tensor = self.out(x.mean(1)) - self.null
        return logits.reshape(-1, n, side, side)


class Attend(nn.Module):
    """One layer: tokens x (b, t, w) look at y (b, u, w), then each thinks for itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before_x, self.before_y = nn.LayerNorm(width), nn.LayerNorm(width)
        self.look = nn.MultiheadAttention(width, heads, batch_first=True)
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        seen = self.before_y(y)
        looked, _ = self.look(self.before_x(x), seen, seen, need_weights=False)
        x = x + looked
        thought: Tensor = self.think(x)
        return x + thought
