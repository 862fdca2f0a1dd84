"""The teacher: an image-text-to-text model that says how well a tile fits a frame.

A pair becomes one prompt, tile first; the hidden state of its last token goes through a linear
value head to one number. All candidates of a query are one batch. After GeoRanker (Apache-2.0):
head without bias, N(0, 1/(h+1)), left padding, LoRA on the attention's projections.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from edgegeo.errors import DataError, EdgegeoError, MissingExtraError, RangeError
from edgegeo.models.joint_prompt import joint_prompt
from edgegeo.models.lvlm_prompt import LAYOUTS, Half, Image, Prompt, prompt_of
from edgegeo.models.small_lvlm import tiny_lvlm

SMALL = "small/"  # small/qwen3_vl: a random model of small_lvlm, no weights are read
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class LvlmSpec:
    """Which model, how it runs, and what of it learns."""

    model: str  # name on the hub, folder, or small/<kind>
    max_pixels: int = 448 * 448  # of an image; larger ones are shrunk
    dtype: str = "float32"
    attention: str = "sdpa"  # eager, sdpa, flash_attention_2, as transformers names them
    gradient_checkpointing: bool = False
    lora_rank: int = 16  # 0: every weight learns
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    lora_targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    seed: int = 0

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise RangeError.of("dtype", f"one of {', '.join(DTYPES)}", self.dtype)
        if self.max_pixels < 1 or self.lora_rank < 0:
            got = (self.max_pixels, self.lora_rank)
            raise RangeError.of("max_pixels and lora_rank", "at least 1 and 0", got)


class LvlmRanker(nn.Module):
    """Scores of a frame against its candidates' tiles: higher is a better fit, no unit."""

    def __init__(self, backbone: Any, prompt: Prompt, spec: LvlmSpec) -> None:
        super().__init__()
        self.prompt, self.spec = prompt, spec
        # Without the head over the vocabulary: a score needs none of its numbers.
        self.base = backbone.base_model
        self.config = backbone.config
        width = self.config.get_text_config().hidden_size
        self.value_head = nn.Linear(width, 1, bias=False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.seed)
            nn.init.normal_(self.value_head.weight, std=(width + 1) ** -0.5)
            if spec.lora_rank:
                _inject_lora(self.base, spec)
        if spec.gradient_checkpointing:
            self.base.activation_checkpointing_enable({"use_reentrant": False})

    @property
    def device(self) -> torch.device:
        return self.value_head.weight.device

    def learned(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Give what learns, by name: the value head, and LoRA's matrices or every weight."""
        return ((name, p) for name, p in self.named_parameters() if p.requires_grad)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return (b,) float32 scores of `pair_inputs`."""
        hidden = self.base(**inputs, use_cache=False).last_hidden_state[:, -1]
        return self.value(hidden)

    def value(self, hidden: Tensor) -> Tensor:
        """Return (b,) float32 of last hidden states (b, h): the head never runs in bfloat16."""
        with torch.autocast(hidden.device.type, enabled=False):
            return nn.functional.linear(hidden.float(), self.value_head.weight.float())[:, 0]

    def pair_inputs(self, frame: Half, tiles: Sequence[Half]) -> dict[str, Tensor]:
        """Return the model's inputs for one frame and its tiles, padded on the left."""
        rows = [torch.cat([tile.ids, frame.ids]) for tile in tiles]
        images = [half.images for tile in tiles for half in (tile, frame)]
        return self.inputs(rows, images)

    def inputs(
        self, rows: Sequence[Tensor], images: Sequence[Mapping[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Return ids, mask and positions (b, n), and the images of all rows in their order."""
        length = max(len(row) for row in rows)
        padding = self.prompt.tokenizer.pad_token_id or 0
        ids = torch.full((len(rows), length), padding, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, length - len(row) :] = row
            mask[number, length - len(row) :] = 1
        inputs = {"input_ids": ids, "attention_mask": mask}
        inputs |= {name: torch.cat([image[name] for image in images]) for name in images[0]}
        inputs["position_ids"] = self.positions(ids, mask, inputs.get("image_grid_thw"))
        inputs["pixel_values"] = inputs["pixel_values"].to(self.base.dtype)
        return {name: value.to(self.device) for name, value in inputs.items()}

    def positions(self, ids: Tensor, mask: Tensor, grids: Tensor | None) -> Tensor:
        """Return the place of every token, (b, n), or (3, b, n) in time, height and width."""
        if hasattr(self.base, "get_rope_index"):
            kinds = (ids == self.config.image_token_id).int()
            return self.base.get_rope_index(  # type: ignore[no-any-return]
                ids, mm_token_type_ids=kinds, image_grid_thw=grids, attention_mask=mask
            )[0]
        return (mask.cumsum(1) - 1).clamp(min=0)

    def score(self, frame: Image, tiles: Sequence[Image]) -> Tensor:
        """Return (k,) float32 scores of one frame against k tiles, (h, w, 3) uint8 RGB each."""
        heads = [self.prompt.head(tile) for tile in tiles]
        return self(self.pair_inputs(self.prompt.tail(frame), heads))  # type: ignore[no-any-return]


def open_lvlm(spec: LvlmSpec) -> LvlmRanker:
    """Load the model a spec names and put a value head on it.

    Raises DataError where there is no such model, or where it is no image-text-to-text model.
    """
    for package in ("transformers", "PIL"):
        if find_spec(package) is None:
            raise MissingExtraError.of("the LVLM ranker", "train")
    if spec.model.startswith(SMALL):
        backbone, images, tokenizer = tiny_lvlm(spec.model.removeprefix(SMALL), spec.seed)
        backbone.set_attn_implementation(spec.attention)
        backbone.to(DTYPES[spec.dtype])
        prompt: Prompt = prompt_of(backbone.config, images, tokenizer, spec.max_pixels)
        return LvlmRanker(backbone, prompt, spec)
    return LvlmRanker(*_published(spec), spec)


def _published(spec: LvlmSpec) -> tuple[Any, Prompt]:
    from transformers import (
        AutoConfig,
        AutoImageProcessor,
        AutoModelForImageTextToText,
        AutoTokenizer,
    )

    name = spec.model
    try:
        config = AutoConfig.from_pretrained(name)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"cannot open the model {name}: {error}") from error
    if type(config) not in AutoModelForImageTextToText._model_mapping:
        raise DataError(
            f"{name} is no image-text-to-text model: it is a {config.model_type}; expected such "
            "as Qwen/Qwen2-VL-2B-Instruct"
        )
    try:
        backbone = AutoModelForImageTextToText.from_pretrained(
            name, dtype=DTYPES[spec.dtype], attn_implementation=spec.attention
        )
        if config.model_type not in LAYOUTS:
            return backbone, joint_prompt(name, spec.max_pixels)
        images = AutoImageProcessor.from_pretrained(name, backend="pil")
        tokenizer = AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError, ImportError) as error:
        if isinstance(error, EdgegeoError):
            raise
        raise DataError(f"cannot open the model {name}: {error}") from error
    return backbone, prompt_of(config, images, tokenizer, spec.max_pixels)


def _inject_lora(base: Any, spec: LvlmSpec) -> None:
    """Put LoRA on the decoder's projections; the vision tower stays as it is."""
    from peft import LoraConfig, inject_adapter_in_model

    decoder = base.get_decoder()
    prefix = next(name for name, module in base.named_modules() if module is decoder)
    targets = [
        name
        for name, module in base.named_modules()
        if name.startswith(f"{prefix}.")
        and isinstance(module, nn.Linear)
        and name.rpartition(".")[2] in spec.lora_targets
    ]
    if not targets:
        raise DataError(f"{spec.model} has none of the layers {', '.join(spec.lora_targets)}")
    config = LoraConfig(
        r=spec.lora_rank,
        lora_alpha=spec.lora_alpha,
        lora_dropout=spec.lora_dropout,
        target_modules=targets,
    )
    inject_adapter_in_model(config, base)
    for name, parameter in base.named_parameters():
        parameter.requires_grad_("lora_" in name)
        if "lora_" in name:
            parameter.data = parameter.data.float()
