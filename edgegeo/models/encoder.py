"""The student's encoder: one image of a tile or of a frame -> one embedding and a token grid."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    px: int = 128  # input side, pixels
    widths: tuple[int, int, int, int] = (32, 64, 128, 256)  # at strides 2, 4, 8, 16
    blocks: tuple[int, int, int] = (2, 4, 2)  # bottleneck blocks at strides 4, 8, 16
    token_width: int = 32
    embedding_width: int = 256

    @property
    def grid(self) -> int:
        """Tokens a side."""
        return self.px // 8


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
                    its feature, its length (0..1) how much it should count in a correlation
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
        # What is where, coarsely (a 4x4 layout), beside what is there at all.
        self.layout = nn.Conv2d(fourth, 32, 1)
        self.embed = nn.Linear(fourth + 32 * 16, config.embedding_width)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        coverage = image[:, 3:]
        x = self.stride8(self.stride4(self.stem(standardise(image))))
        coarse = self.stride16(x)

        pooled = coarse.clamp(min=1e-4).pow(3).mean((2, 3)).pow(1 / 3)  # generalised mean
        layout = F.avg_pool2d(self.layout(coarse), coarse.shape[-1] // 4).flatten(1)
        embedding = F.normalize(self.embed(torch.cat([pooled, layout], 1)), dim=1)

        up: Callable[..., Tensor] = F.interpolate
        x = x + up(self.context(coarse), size=x.shape[-2:], mode="nearest")
        weight = torch.sigmoid(self.weight(x)) * F.avg_pool2d(coverage, 8)
        tokens = F.normalize(self.features(x), dim=1) * weight
        return embedding, tokens.flatten(2).transpose(1, 2)


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
