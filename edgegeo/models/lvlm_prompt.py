"""A tile and a frame as one prompt: the tile first, so that what it costs can be kept.

The prompt is written in two halves that meet where one text token could never reach across: the
head ends with the tile's last image token, the tail begins behind it. The same ids come out
whether the halves are run together or one after the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgegeo.errors import ShapeError

Image = NDArray[np.uint8]
TILE = "A satellite tile: "
FRAME = " A downward drone frame: "
QUESTION = " Rate from bad to good: does the tile show the place of the frame?"


class Half(NamedTuple):
    """One half of a prompt: ids (n,) int64, and what the vision tower takes of its image."""

    ids: Tensor
    images: Mapping[str, Tensor]


class Prompt(Protocol):
    """What turns a tile and a frame, (h, w, 3) uint8 RGB, into the halves of a prompt."""

    @property
    def tokenizer(self) -> Any: ...
    def head(self, tile: Image, /) -> Half: ...
    def tail(self, frame: Image, /) -> Half: ...


@dataclass(frozen=True)
class Layout:
    """How a family of models writes a turn with an image in it, as its model card has it."""

    begin: str
    image_begin: str
    token: str
    image_end: str
    end: str


CHATML = Layout(
    "<|im_start|>user\n",
    "<|vision_start|>",
    "<|image_pad|>",
    "<|vision_end|>",
    "<|im_end|>\n<|im_start|>assistant\n",
)
SMOLVLM = Layout(
    "<|im_start|>User:",
    "<fake_token_around_image><global-img>",
    "<image>",
    "<fake_token_around_image>",
    "<end_of_utterance>\nAssistant:",
)
LAYOUTS = {
    **dict.fromkeys(("qwen2_vl", "qwen2_5_vl", "qwen3_vl"), CHATML),
    "smolvlm": SMOLVLM,
}


@dataclass(frozen=True, eq=False)
class PairPrompt:
    """The two halves of the prompt of one model.

    `tokens_of` gives the number of image tokens of one processed image. The image processor
    and the tokenizer are used directly: the joint processors of these families also want a
    video processor, which cannot be made without torchvision.
    """

    image_processor: Any
    tokenizer: Any
    layout: Layout
    tokens_of: Callable[[Mapping[str, Tensor]], int]
    max_pixels: int

    def head(self, tile: Image) -> Half:
        """Return the prompt up to the tile's last token. tile (h, w, 3) uint8 RGB."""
        before = f"{self.layout.begin}{TILE}{self.layout.image_begin}"
        images = self._images(tile)
        return Half(self._ids(before + self.layout.token * self.tokens_of(images)), images)

    def tail(self, frame: Image) -> Half:
        """Return the prompt from behind the tile. frame (h, w, 3) uint8 RGB."""
        layout, images = self.layout, self._images(frame)
        between = f"{layout.image_end}{FRAME}{layout.image_begin}"
        behind = f"{layout.image_end}{QUESTION}{layout.end}"
        return Half(self._ids(between + layout.token * self.tokens_of(images) + behind), images)

    def _ids(self, text: str) -> Tensor:
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return torch.tensor(ids, dtype=torch.long)

    def _images(self, image: Image) -> dict[str, Tensor]:
        found = self.image_processor([within_budget(image, self.max_pixels)], return_tensors="pt")
        return {name: found[name] for name in ("pixel_values", "image_grid_thw") if name in found}


def within_budget(image: Image, max_pixels: int) -> Image:
    """Shrink an image of any size to at most `max_pixels`, its shape kept as well as it goes.

    image (h, w, 3) uint8. Smaller ones are returned as they are; the model's own processor
    then rounds the sides to what its patches need. Raises ShapeError for anything else.

    >>> within_budget(np.zeros((100, 400, 3), np.uint8), 10_000).shape
    (50, 200, 3)
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ShapeError.of("image", "(h, w, 3) uint8", f"{image.shape} {image.dtype}")
    height, width = image.shape[:2]
    shrink = (max_pixels / (height * width)) ** 0.5
    if shrink >= 1:
        return image
    from PIL import Image as Pillow

    size = (max(1, int(width * shrink)), max(1, int(height * shrink)))
    return np.asarray(Pillow.fromarray(image).resize(size, Pillow.Resampling.BOX), np.uint8)


def prompt_of(config: Any, image_processor: Any, tokenizer: Any, max_pixels: int) -> PairPrompt:
    """Return the prompt of a model of one of the families in LAYOUTS."""
    vision = config.vision_config
    if config.model_type.startswith("qwen"):
        # a processor may enlarge, too: what it may not do is go over the budget
        image_processor.size = {
            "shortest_edge": min(image_processor.size["shortest_edge"], max_pixels),
            "longest_edge": max_pixels,
        }
        merged, fixed = int(vision.spatial_merge_size) ** 2, 0
    else:
        image_processor.do_image_splitting = False  # one view of a fixed size an image
        image_processor.do_pad = False
        merged, side = 1, int(vision.image_size) // int(vision.patch_size)
        fixed = side**2 // int(config.scale_factor) ** 2

    def tokens_of(images: Mapping[str, Tensor]) -> int:
        return fixed or int(images["image_grid_thw"].prod()) // merged

    layout = LAYOUTS[config.model_type]
    return PairPrompt(image_processor, tokenizer, layout, tokens_of, max_pixels)
