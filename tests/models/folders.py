"""Small random models saved as published ones are: folders that from_pretrained opens."""

from pathlib import Path

from edgegeo.models.lvlm import LvlmRanker, LvlmSpec
from edgegeo.models.lvlm_prompt import FRAME, QUESTION, TILE, prompt_of


def ranker_of(model, images, tokenizer, max_pixels=128 * 128) -> LvlmRanker:
    spec = LvlmSpec(model="made in a test", lora_rank=0, max_pixels=max_pixels)
    return LvlmRanker(model, prompt_of(model.config, images, tokenizer, max_pixels), spec).eval()


def save(folder: Path, *parts) -> None:
    for part in parts:
        part.save_pretrained(folder)


def save_text_model(folder: Path) -> None:
    from transformers import LlamaConfig

    LlamaConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1).save_pretrained(folder)


def save_llava(folder: Path) -> None:
    """LLaVA: a family that edgegeo knows nothing of, with a joint processor of its own."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    splitter = pre_tokenizers.Whitespace()
    words = {word for word, _ in splitter.pre_tokenize_str(f"{TILE}{FRAME}{QUESTION}")}
    ids = {word: n for n, word in enumerate(["<unk>", "<pad>", "<image>", *sorted(words)])}
    made = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    made.pre_tokenizer = splitter
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        unk_token="<unk>",
        pad_token="<pad>",
        additional_special_tokens=["<image>"],
        extra_special_tokens={"image_token": "<image>"},
    )
    images = CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    processor = LlavaProcessor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
    sizes = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    text = sizes | {"model_type": "llama", "vocab_size": len(ids), "num_key_value_heads": 1}
    text |= {"pad_token_id": 1, "bos_token_id": None, "eos_token_id": None}
    vision = sizes | {"model_type": "clip_vision_model", "image_size": 32, "patch_size": 8}
    config = LlavaConfig(
        text_config=text,
        vision_config=vision | {"projection_dim": 32},
        image_token_index=2,
        image_seq_length=16,
    )
    save(folder, LlavaForConditionalGeneration(config), processor)
