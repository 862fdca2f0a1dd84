"""The student's encoder: one image of a tile or of a frame -> one embedding and a token grid."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgegeo.models.relate import turn_and_scale


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    px: int = 128  # input side, pixels
    widths: tuple[int, int, int, int] = (32, 64, 128, 256)  # at strides 2, 4, 8, 16
    blocks: tuple[int, int, int] = (2, 4, 2)  # bottleneck blocks at strides 4, 8, 16
    token_width: int = 32
    cells: int = 4  # an embedding is the tokens pooled to cells x cells
    cell_sigma: float = 1.8  # width of a cell's Gaussian, in tokens
    shift: int = 3  # tokens between the shifted embeddings of a frame
    turn_deg: float = 14.0  # between its turned ones
    embedding_width: int = 128

    @property
    def grid(self) -> int:
        """Tokens a side."""
        return self.px // 8

    @property
    def pooled_width(self) -> int:
        return self.cells**2 * self.token_width


def convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Bottleneck(nn.Module):
    """Narrow, look around, widen: dense 3x3 convolutions are what CPUs and GPUs run best."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.narrow = convolution(width, width // 2, 1)
        self.look = convolution(width // 2, width // 2, 3)
        self.widen = convolution(width // 2, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.widen(F.relu(self.look(F.relu(self.narrow(x))))))


class Encoder(nn.Module):
    """Convolutions to stride 16 and back to a token grid at stride 8.

    forward(image)  (b, 4, px, px) float32: R, G, B as (value / 255 - 0.5) / 0.25, coverage
    returns         embedding (b, d), unit rows; tokens (b, grid^2, c): a token's direction is
                    its feature, its length (0..1) how much it should count in a correlation;
                    moved (b, m, d): the embeddings with the picture turned and shifted, of
                    which the one that fits a gallery's raster finds it; moves (m, 3): by how
                    much, see `moves`

    An embedding is the tokens pooled to a coarse grid, so that the inner product of two is a
    coarse correlation, then projected by whitened principal components of map tiles (see
    learn.whitening): what all tiles share counts less. A learned pooling found the place six
    times less often (training/LOG.md).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        first, second, third, fourth = config.widths

        def stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
            return nn.Sequential(
                convolution(inputs, outputs, 3, 2),
                nn.ReLU(),
                *(Bottleneck(outputs) for _ in range(blocks)),
            )

        self.stem = nn.Sequential(convolution(4, first, 3, 2), nn.ReLU())
        self.stride4 = stage(first, second, config.blocks[0])
        self.stride8 = stage(second, third, config.blocks[1])
        self.stride16 = stage(third, fourth, config.blocks[2])
        self.context = nn.Conv2d(fourth, third, 1)
        self.features = nn.Sequential(nn.ReLU(), nn.Conv2d(third, config.token_width, 1))
        self.weight = nn.Sequential(nn.ReLU(), nn.Conv2d(third, 1, 1))
        self.pooling = nn.Buffer(pooling(config), persistent=False)
        self.moves = nn.Buffer(moves(config), persistent=False)
        # Until they are fitted: any projection, about none.
        self.mean = nn.Buffer(torch.zeros(config.pooled_width))
        projection = torch.empty(config.pooled_width, config.embedding_width)
        self.projection = nn.Buffer(nn.init.orthogonal_(projection))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        tokens = self.tokens(image)
        moved = self.embed(tokens)
        return moved[:, moved.shape[1] // 2], tokens, moved, self.moves.clone()

    def embed(self, tokens: Tensor) -> Tensor:
        """(b, t, c) tokens -> (b, m, d) unit rows; the middle one is not moved."""
        return self.project(self.pool(tokens))

    def pool(self, tokens: Tensor) -> Tensor:
        """(b, t, c) tokens -> (b, m, cells^2 * c) unit rows."""
        moves, cells, _ = self.pooling.shape
        pooled = self.pooling.flatten(0, 1) @ tokens  # (b, m * cells, c)
        return F.normalize(pooled.reshape(-1, moves, cells * tokens.shape[2]), dim=2)

    def project(self, pooled: Tensor) -> Tensor:
        return F.normalize((pooled - self.mean) @ self.projection, dim=-1)

    def tokens(self, image: Tensor) -> Tensor:
        coverage = image[:, 3:]
        # The convolutions may be in half precision; sums and norms around them never are.
        x = standardise(image).to(self.context.weight.dtype)
        x = self.stride8(self.stride4(self.stem(x)))
        coarse = self.stride16(x)

        up: Callable[..., Tensor] = F.interpolate
        x = x + up(self.context(coarse), size=x.shape[-2:], mode="nearest")
        weight = torch.sigmoid(self.weight(x).float()) * F.avg_pool2d(coverage, 8)
        tokens = F.normalize(self.features(x).float(), dim=1) * weight
        return tokens.flatten(2).transpose(1, 2)


def pooling(config: EncoderConfig) -> Tensor:
    """(m, cells^2, grid^2) weights: Gaussian cells over the tokens, for each of `moves`."""
    centres = (torch.arange(config.cells) + 0.5) * config.grid / config.cells - 0.5
    at = torch.arange(config.grid)
    whole = torch.exp(
        -(((torch.arange(-99, 99)[None] - centres[:, None]) / config.cell_sigma) ** 2) / 2
    )
    shifted = []
    for shift in (-config.shift, 0, config.shift):
        near = torch.exp(-(((at[None] + shift - centres[:, None]) / config.cell_sigma) ** 2) / 2)
        shifted.append(near / whole.sum(1, keepdim=True))
    weights = torch.stack(
        [torch.einsum("py,qx->pqyx", down, across) for down in shifted for across in shifted]
    ).reshape(len(shifted) ** 2, config.cells**2, config.grid**2)
    return torch.cat([weights @ turning(config.grid, float(turn)) for turn in turns(config)])


def turning(grid: int, turn_deg: float) -> Tensor:
    """(grid^2, grid^2) matrix that turns the content of a token grid clockwise."""
    each = torch.eye(grid**2).reshape(grid**2, 1, grid, grid)
    count = torch.ones(grid**2)
    return turn_and_scale(each, turn_deg * count, count).flatten(1).T


def turns(config: EncoderConfig) -> Tensor:
    return torch.tensor([-config.turn_deg, 0.0, config.turn_deg])


def moves(config: EncoderConfig) -> Tensor:
    """(27, 3) what each of the moved embeddings supposes.

    The frame's heading is that many degrees more than was said, and its centre lies so far
    east and north of a tile's centre, in tile sides.
    """
    shift = config.shift / config.grid
    return torch.tensor(
        [
            (float(turn), east, -south)
            for turn in turns(config)
            for south in (-shift, 0.0, shift)
            for east in (-shift, 0.0, shift)
        ]
    )


def standardise(image: Tensor) -> Tensor:
    """Take the mean colour and the overall contrast out of the covered part of each image.

    Exposure, white balance and haze differ between a drone's camera and a map; what is left
    differs less.
    """
    rgb, coverage = image[:, :3], image[:, 3:]
    area = coverage.sum((2, 3), keepdim=True).clamp(min=1.0)
    centred = (rgb - (rgb * coverage).sum((2, 3), keepdim=True) / area) * coverage
    variance = (centred * centred).sum((1, 2, 3), keepdim=True) / (3 * area)
    return torch.cat([centred / (variance + 1e-3).sqrt(), coverage], 1)
