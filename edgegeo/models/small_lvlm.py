"""Small image-text-to-text models of the real architectures, made from configuration alone.

For tests, and for a teacher that a CPU can train: random weights, nothing is downloaded. The
same classes of transformers run as for the published weights.
"""

from dataclasses import dataclass
from typing import Any

import torch

from edgegeo.errors import RangeError
from edgegeo.models.lvlm_prompt import FRAME, LAYOUTS, QUESTION, TILE

KINDS = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "smolvlm")


@dataclass(frozen=True, kw_only=True)
class SmallSize:
    """About 1.3 M parameters by default; 128 px become 16 image tokens."""

    hidden: int = 128
    layers: int = 4
    vision_layers: int = 4
    heads: int = 4
    patch_px: int = 16
    px: int = 128


def tiny_lvlm(kind: str, seed: int, size: SmallSize | None = None) -> tuple[Any, Any, Any]:
    """Return (model, image processor, tokenizer) of one of KINDS.

    The tokenizer knows the words of the prompt. The same seed gives the same weights; the
    state of torch's generator is left as it was.
    """
    if kind not in KINDS:
        raise RangeError.of("the kind of a small model", f"one of {', '.join(KINDS)}", kind)
    from transformers import AutoModelForImageTextToText

    size = size or SmallSize()
    tokenizer = _tokenizer(kind)
    make = _smolvlm if kind == "smolvlm" else _qwen
    config, image_processor = make(kind, size, tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForImageTextToText.from_config(config, dtype=torch.float32)
    return model, image_processor, tokenizer


def _tokenizer(kind: str) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    layout = LAYOUTS[kind]
    marks = {"<|im_start|>", "<|im_end|>", "<end_of_utterance>", "<fake_token_around_image>"}
    marks |= {"<global-img>", "<|video_pad|>", layout.token, "<|vision_start|>", "<|vision_end|>"}
    splitter = pre_tokenizers.Whitespace()
    text = f"{TILE}{FRAME}{QUESTION} user assistant User: Assistant:"
    words = {word for word, _ in splitter.pre_tokenize_str(text)}
    vocabulary = ["<unk>", "<pad>", *sorted(marks), *sorted(words)]
    ids = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.pre_tokenizer = splitter
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        additional_special_tokens=sorted(marks),
        padding_side="left",
    )


def _text(size: SmallSize, tokenizer: Any) -> dict[str, Any]:
    return {
        "hidden_size": size.hidden,
        "intermediate_size": 2 * size.hidden,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": max(1, size.heads // 2),
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "eos_token_id": None,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
    }


def _qwen(kind: str, size: SmallSize, tokenizer: Any) -> tuple[Any, Any]:
    from transformers import CONFIG_MAPPING
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    per_head = size.hidden // size.heads
    # pairs of a head's numbers that turn with time, height and width: a quarter, the rest halved
    time, high = per_head // 8, per_head // 2 - per_head // 8
    sections = [time, high // 2, high - high // 2]
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": sections}
    text = _text(size, tokenizer) | {"rope_parameters": rope}
    vision: dict[str, Any] = {
        "depth": size.vision_layers,
        "num_heads": size.heads,
        "patch_size": size.patch_px,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    }
    if kind == "qwen2_vl":
        vision |= {"embed_dim": size.hidden, "hidden_size": size.hidden, "mlp_ratio": 2}
    else:
        vision |= {
            "hidden_size": size.hidden,
            "intermediate_size": 2 * size.hidden,
            "out_hidden_size": size.hidden,
        }
    if kind == "qwen2_5_vl":
        last = size.vision_layers - 1
        vision |= {"window_size": 4 * size.patch_px, "fullatt_block_indexes": [last]}
    if kind == "qwen3_vl":
        rope["mrope_interleaved"] = True
        text["head_dim"] = per_head
        side = size.px // size.patch_px
        vision |= {"num_position_embeddings": side**2, "deepstack_visual_indexes": [0]}
    marks = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{mark}|>")
        for name, mark in (
            ("image", "image_pad"),
            ("video", "video_pad"),
            ("vision_start", "vision_start"),
            ("vision_end", "vision_end"),
        )
    }
    config = CONFIG_MAPPING[kind](
        text_config=text, vision_config=vision, tie_word_embeddings=True, **marks
    )
    processor = Qwen2VLImageProcessorPil(
        patch_size=size.patch_px,
        merge_size=2,
        min_pixels=(2 * size.patch_px) ** 2,
        max_pixels=size.px**2,
    )
    return config, processor


def _smolvlm(kind: str, size: SmallSize, tokenizer: Any) -> tuple[Any, Any]:
    from transformers import CONFIG_MAPPING
    from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

    vision = {
        "hidden_size": size.hidden,
        "intermediate_size": 2 * size.hidden,
        "num_hidden_layers": size.vision_layers,
        "num_attention_heads": size.heads,
        "patch_size": size.patch_px,
        "image_size": size.px,
    }
    config = CONFIG_MAPPING[kind](
        text_config=_text(size, tokenizer) | {"model_type": "llama"},
        vision_config=vision,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        tie_word_embeddings=True,
    )
    edge = {"longest_edge": size.px}
    return config, SmolVLMImageProcessorPil(size=edge, max_image_size=edge)
