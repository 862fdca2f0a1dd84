"""What a decoder made of a tile, kept for every frame that will be compared with it.

The tile stands first in the prompt and nothing before it changes, so its keys and values in
every layer are the same for all frames. Only the rest of the prompt is run per pair. (The frame
still goes through the vision tower once a pair.)
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from edgegeo.errors import EdgegeoError
from edgegeo.models.lvlm import LvlmRanker
from edgegeo.models.lvlm_prompt import Half, Image

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 5e-2}  # of the length of a hidden state
PROBE_PX = 64


class Prefix(NamedTuple):
    """A tile's half of the prompt; keys and values (layers, 2, heads, n, d), None uncached."""

    head: Half
    states: Tensor | None


class CachedTiles:
    """Tiles of a gallery, ready to be scored against frames; the ranker must be in eval mode.

    `refusal` says why the model's states cannot be reused, None where they can; a refused model
    is run whole for every pair and gives the same scores. The states are those of the weights
    at the time: make a new one after training.
    """

    def __init__(self, ranker: LvlmRanker, tiles: Sequence[Image]) -> None:
        self.ranker = ranker
        self.refusal = why_not(ranker)
        heads = [ranker.prompt.head(tile) for tile in tiles]
        keep = self.refusal is None
        self.prefixes = [Prefix(head, states_of(ranker, head) if keep else None) for head in heads]

    @property
    def bytes(self) -> int:
        """Return what the kept keys and values take in memory."""
        return sum(p.states.nbytes for p in self.prefixes if p.states is not None)

    @torch.no_grad()
    def score(self, frame: Image, rows: Sequence[int]) -> Tensor:
        """Return (k,) float32 scores of a frame, (h, w, 3) uint8 RGB, against k of the tiles."""
        tail = self.ranker.prompt.tail(frame)
        chosen = [self.prefixes[row] for row in rows]
        if self.refusal is None:
            return self.ranker.value(last_hidden(self.ranker, tail, chosen))
        pairs = self.ranker.pair_inputs(tail, [prefix.head for prefix in chosen])
        return self.ranker(pairs)  # type: ignore[no-any-return]


@torch.no_grad()
def states_of(ranker: LvlmRanker, head: Half) -> Tensor:
    """Run a tile's half and return its keys and values, (layers, 2, heads, n, d)."""
    out = ranker.base(**ranker.inputs([head.ids], [head.images]), use_cache=True)
    layers = out.past_key_values.layers
    return torch.stack([torch.stack([layer.keys[0], layer.values[0]]) for layer in layers])


def last_hidden(ranker: LvlmRanker, tail: Half, prefixes: Sequence[Prefix]) -> Tensor:
    """Run one frame's half behind every prefix and return the last hidden states (k, h)."""
    from transformers import DynamicCache

    whole = ranker.pair_inputs(tail, [prefix.head for prefix in prefixes])
    behind = len(tail.ids)
    before = whole["input_ids"].shape[1] - behind
    states = [p.states for p in prefixes if p.states is not None]
    layers, pair, heads, _, width = states[0].shape
    kept = states[0].new_zeros(layers, pair, len(states), heads, before, width)
    for row, state in enumerate(states):
        kept[:, :, row, :, before - state.shape[3] :] = state
    cache = DynamicCache()
    for number, (keys, values) in enumerate(kept):
        cache.update(keys, values, number)
    images = {
        name: torch.cat([value] * len(prefixes)).to(ranker.device)
        for name, value in tail.images.items()
    }
    images["pixel_values"] = images["pixel_values"].to(ranker.base.dtype)
    out = ranker.base(
        input_ids=whole["input_ids"][:, before:],
        attention_mask=whole["attention_mask"],
        position_ids=whole["position_ids"][..., before:],
        past_key_values=cache,
        use_cache=True,
        **images,
    )
    return out.last_hidden_state[:, -1]  # type: ignore[no-any-return]


def why_not(ranker: LvlmRanker) -> str | None:
    """Say why a model's keys and values cannot be reused, None where they can.

    Layers that keep anything but all keys and values (sliding windows, recurrent states) cannot
    be cut at the tile. What the layers' kind does not show, such as attention that looks ahead
    inside a prompt, a pair of small images does: whole and in two halves must agree.
    """
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, PROBE_PX, PROBE_PX, 3), np.uint8)
    heads = [ranker.prompt.head(image) for image in images[:2]]
    tail = ranker.prompt.tail(images[2])
    with torch.no_grad():
        out = ranker.base(**ranker.inputs([heads[0].ids], [heads[0].images]), use_cache=True)
        kinds = {type(layer).__name__ for layer in getattr(out.past_key_values, "layers", ())}
        if kinds != {"DynamicLayer"}:
            found = ", ".join(sorted(kinds)) or "no layers"
            return f"the decoder keeps {found}, not all keys and values"
        whole = ranker.base(**ranker.pair_inputs(tail, heads), use_cache=False)
        expected = whole.last_hidden_state[:, -1].float()
        try:
            prefixes = [Prefix(head, states_of(ranker, head)) for head in heads]
            got = last_hidden(ranker, tail, prefixes).float()
        except EdgegeoError:
            raise
        except (ValueError, RuntimeError, TypeError, IndexError) as error:
            return f"the model does not run behind a prefix: {error}"
    apart = float((got - expected).norm() / expected.norm())
    if apart > TOLERANCE.get(ranker.base.dtype, 1e-3):
        return f"whole and in two halves the hidden states differ by {apart:.1%}"
    return None
