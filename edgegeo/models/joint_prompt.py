"""The prompt of a model of any other family, as its own joint processor writes it."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from edgegeo.errors import DataError
from edgegeo.models.lvlm_prompt import FRAME, QUESTION, TILE, Half, Image, within_budget

NOT_IMAGES = {"input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids"}


@dataclass(frozen=True, eq=False)
class JointPrompt:
    """Head and tail as `PairPrompt` has them, through the AutoProcessor of a model.

    `head_text` ends with the tile's placeholder, `tail_text` holds the frame's. A processor
    that makes a fixed size of every image has the last word on the pixels.
    """

    processor: Any
    head_text: str
    tail_text: str
    max_pixels: int

    @property
    def tokenizer(self) -> Any:
        return self.processor.tokenizer

    def head(self, tile: Image) -> Half:
        return self._half(self.head_text, tile, begins=True)

    def tail(self, frame: Image) -> Half:
        return self._half(self.tail_text, frame, begins=False)

    def _half(self, text: str, image: Image, begins: bool) -> Half:
        found = self.processor(
            text=[text],
            images=[within_budget(image, self.max_pixels)],
            add_special_tokens=begins,
            return_tensors="pt",
        )
        images: dict[str, Tensor] = {
            name: value for name, value in found.items() if name not in NOT_IMAGES
        }
        return Half(found["input_ids"][0].to(torch.long), images)


def joint_prompt(name: str, max_pixels: int) -> JointPrompt:
    """Open the processor of a model; DataError where it cannot show two images in a prompt."""
    from transformers import AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(name)
    except (OSError, ValueError, ImportError, AttributeError) as error:
        raise DataError(f"cannot open the processor of {name}: {error}") from error
    mark = getattr(processor, "image_token", None)
    if not isinstance(mark, str):
        raise DataError(f"{name}: its processor names no image token to put into a prompt")
    text = f"{TILE}{mark}{FRAME}{mark}{QUESTION}"
    if processor.chat_template:
        words = [{"type": "text", "text": part} for part in (TILE, FRAME, QUESTION)]
        picture = {"type": "image"}
        content = [words[0], picture, words[1], picture, words[2]]
        turn = [{"role": "user", "content": content}]
        text = processor.apply_chat_template(turn, add_generation_prompt=True)
    if text.count(mark) != 2:
        raise DataError(
            f"{name}: expected two {mark} in its prompt, tile and frame, got {text.count(mark)}"
        )
    cut = text.index(mark) + len(mark)
    return JointPrompt(processor, text[:cut], text[cut:], max_pixels)
