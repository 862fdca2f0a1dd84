"""The LVLM ranker on the real architectures of transformers, small and with random weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("PIL")

from edgegeo.errors import DataError, RangeError, ShapeError  # noqa: E402
from edgegeo.models.lvlm import LvlmSpec, open_lvlm  # noqa: E402
from edgegeo.models.prefix_cache import CachedTiles, states_of  # noqa: E402
from edgegeo.models.small_lvlm import KINDS, tiny_lvlm  # noqa: E402
from tests.models import folders  # noqa: E402

PIXELS = 128 * 128


def pictures(*sizes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (high, wide, 3), np.uint8) for high, wide in sizes]


def ranker_of(kind, **settings):
    """Attention of random weights hardly looks at positions; with larger ones it does."""
    given = {"lora_rank": 0, "max_pixels": PIXELS} | settings
    ranker = open_lvlm(LvlmSpec(model=f"small/{kind}", **given)).eval()
    with torch.no_grad():
        for name, weight in ranker.base.named_parameters():
            if name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight")):
                weight *= 5
    return ranker


@pytest.mark.parametrize("kind", KINDS)
def test_cached_and_uncached_scores_agree(kind):
    ranker = ranker_of(kind)
    tiles = pictures((128, 128), (128, 64), (96, 128), (128, 128))
    frame, other = pictures((100, 150), (150, 90), seed=1)
    cached = CachedTiles(ranker, tiles)
    assert cached.refusal is None
    assert cached.bytes > 0
    for picture in (frame, other):
        with torch.no_grad():
            expected = ranker.score(picture, tiles)
        got = cached.score(picture, range(4))
        torch.testing.assert_close(got, expected, atol=2e-5, rtol=0)
        torch.testing.assert_close(
            cached.score(picture, [2, 0]), expected[[2, 0]], atol=2e-5, rtol=0
        )
    assert expected.std() > 1e-2  # the bound would see a wrong tile


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen3_vl", "smolvlm"])
def test_the_test_above_would_see_a_wrong_position(kind, monkeypatch):
    ranker = ranker_of(kind)
    tiles, (frame,) = pictures((128, 128), (96, 128)), pictures((128, 128), seed=1)
    cached = CachedTiles(ranker, tiles)
    before = cached.score(frame, [0, 1])
    right = ranker.positions
    monkeypatch.setattr(ranker, "positions", lambda *given: right(*given) * 2)
    assert (cached.score(frame, [0, 1]) - before).abs().max() > 2e-4


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_does_not_depend_on_the_others_of_its_batch(kind):
    ranker = ranker_of(kind)
    tiles, (frame,) = pictures((128, 128), (64, 128), (128, 96)), pictures((70, 90), seed=1)
    with torch.no_grad():
        together = ranker.score(frame, tiles)
        alone = torch.cat([ranker.score(frame, [tile]) for tile in tiles])
    torch.testing.assert_close(together, alone, atol=2e-5, rtol=0)
    assert together.dtype == torch.float32
    assert together.shape == (3,)


def test_the_tile_comes_first_and_padding_stands_on_the_left():
    ranker = ranker_of("qwen3_vl")
    wide, narrow = (ranker.prompt.head(p) for p in pictures((128, 128), (128, 64)))
    inputs = ranker.pair_inputs(ranker.prompt.tail(pictures((128, 128))[0]), [wide, narrow])
    short = len(wide.ids) - len(narrow.ids)
    assert short == 8
    assert inputs["attention_mask"][1].tolist()[: short + 1] == [0] * short + [1]
    assert inputs["input_ids"][1, short : short + len(narrow.ids)].tolist() == narrow.ids.tolist()
    assert inputs["image_grid_thw"].tolist() == [[1, 8, 8], [1, 8, 8], [1, 8, 4], [1, 8, 8]]


def test_a_model_with_windows_says_so_and_runs_uncached():
    model, images, tokenizer = tiny_lvlm("qwen2_vl", 0)
    text = model.config.text_config
    text.layer_types = ["sliding_attention"] * text.num_hidden_layers
    text.sliding_window = 16
    ranker = folders.ranker_of(type(model)(model.config), images, tokenizer)
    tiles, (frame,) = pictures((128, 128), (128, 64)), pictures((128, 128), seed=1)
    cached = CachedTiles(ranker, tiles)
    assert "SlidingWindow" in cached.refusal
    assert cached.bytes == 0
    with torch.no_grad():
        expected = ranker.score(frame, tiles)
    torch.testing.assert_close(cached.score(frame, [0, 1]), expected)


def test_states_that_differ_are_refused(monkeypatch):
    ranker = ranker_of("qwen3_vl")

    def disturbed(ranker, head):
        return states_of(ranker, head) * 1.5

    monkeypatch.setattr("edgegeo.models.prefix_cache.states_of", disturbed)
    assert "hidden states differ" in CachedTiles(ranker, pictures((64, 64))).refusal


def test_lora_learns_in_the_decoder_and_the_head_alone():
    ranker = open_lvlm(LvlmSpec(model="small/smolvlm", max_pixels=PIXELS))
    names = [name for name, _ in ranker.learned()]
    assert "value_head.weight" in names
    lora = [name for name in names if name != "value_head.weight"]
    assert len(lora) == 4 * 4 * 2  # layers, projections, A and B
    assert all("text_model" in name and "lora_" in name for name in lora)
    ranker.train()
    ranker.score(pictures((128, 128))[0], pictures((128, 128), (128, 128), seed=2)).sum().backward()
    assert all(p.grad is not None for _, p in ranker.learned())


def test_the_value_head_is_drawn_as_stated():
    weight = open_lvlm(LvlmSpec(model="small/qwen2_vl", lora_rank=0)).value_head.weight
    assert weight.shape == (1, 128)
    assert weight.std().item() == pytest.approx(129**-0.5, rel=0.2)


@pytest.mark.parametrize("kind", ["qwen2_vl", "smolvlm"])
def test_gradient_checkpointing_changes_no_gradient(kind):
    frame, *tiles = pictures((128, 128), (128, 128), (128, 64))
    grads = []
    for checkpointing in (False, True):
        ranker = open_lvlm(
            LvlmSpec(
                model=f"small/{kind}",
                max_pixels=PIXELS,
                gradient_checkpointing=checkpointing,
                lora_dropout=0.0,
            )
        ).train()
        assert ranker.base.is_activation_checkpointing == checkpointing
        for name, parameter in ranker.learned():
            if "lora_B" in name:
                torch.nn.init.constant_(parameter, 0.01)
        ranker.score(frame, tiles).sum().backward()
        grads.append({name: p.grad for name, p in ranker.learned()})
    for name, grad in grads[0].items():
        torch.testing.assert_close(grads[1][name], grad, msg=name)
    assert max(grad.abs().max() for grad in grads[0].values()) > 0


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_attention_can_be_chosen(attention):
    ranker = open_lvlm(LvlmSpec(model="small/qwen2_vl", attention=attention, max_pixels=PIXELS))
    assert ranker.config._attn_implementation == attention
    assert torch.isfinite(ranker.score(*[pictures((64, 64))[0], pictures((64, 64))])).all()


def test_bfloat16_scores_are_float32_and_near():
    frame, *tiles = pictures((128, 128), (128, 128), (128, 64))
    with torch.no_grad():
        exact = open_lvlm(LvlmSpec(model="small/qwen3_vl", lora_rank=0)).eval()
        rough = open_lvlm(LvlmSpec(model="small/qwen3_vl", lora_rank=0, dtype="bfloat16")).eval()
        scores = rough.score(frame, tiles)
        assert scores.dtype == torch.float32
        head = rough.value_head.weight
        assert head.dtype == torch.float32
        torch.testing.assert_close(scores, exact.score(frame, tiles), atol=0.05, rtol=0)
    learner = open_lvlm(LvlmSpec(model="small/qwen3_vl", dtype="bfloat16")).train()
    learner.score(frame, tiles).sum().backward()
    assert {p.dtype for _, p in learner.learned()} == {torch.float32}  # what an optimiser steps


def test_frames_of_any_size_stay_within_the_budget():
    ranker = ranker_of("qwen3_vl")
    for size in ((1200, 1600), (31, 500), (1, 1)):
        grid = ranker.prompt.tail(pictures(size)[0]).images["image_grid_thw"]
        assert int(grid.prod()) * 16 * 16 <= PIXELS
    with pytest.raises(ShapeError, match=r"image must be \(h, w, 3\) uint8"):
        ranker.prompt.tail(np.zeros((4, 4), np.uint8))


def test_the_same_seed_gives_the_same_model_and_leaves_the_generator_alone():
    torch.manual_seed(5)
    first = tiny_lvlm("qwen2_vl", 3)[0].state_dict()
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(1), after)
    second, other = (
        tiny_lvlm("qwen2_vl", 3)[0].state_dict(),
        tiny_lvlm("qwen2_vl", 4)[0].state_dict(),
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_is_opened_by_its_path(tmp_path, kind):
    model, images, tokenizer = tiny_lvlm(kind, 0)
    folders.save(tmp_path / "m", model, images, tokenizer)
    frame, *tiles = pictures((128, 128), (128, 128), (128, 64))
    with torch.no_grad():
        got = open_lvlm(LvlmSpec(model=str(tmp_path / "m"), lora_rank=0, max_pixels=PIXELS))
        expected = open_lvlm(LvlmSpec(model=f"small/{kind}", lora_rank=0, max_pixels=PIXELS))
        torch.testing.assert_close(got.score(frame, tiles), expected.score(frame, tiles))


def test_a_model_of_another_family_goes_through_its_own_processor(tmp_path):
    folders.save_llava(tmp_path / "llava")
    ranker = open_lvlm(LvlmSpec(model=str(tmp_path / "llava"), lora_rank=4)).eval()
    tiles, (frame,) = pictures((64, 64), (80, 50)), pictures((64, 64), seed=1)
    cached = CachedTiles(ranker, tiles)
    assert cached.refusal is None
    with torch.no_grad():
        expected = ranker.score(frame, tiles)
    torch.testing.assert_close(cached.score(frame, [0, 1]), expected, atol=2e-5, rtol=0)


def test_what_is_no_lvlm_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"cannot open the model .*nowhere"):
        open_lvlm(LvlmSpec(model=str(tmp_path / "nowhere")))
    folders.save_text_model(tmp_path / "text")
    with pytest.raises(DataError, match="is no image-text-to-text model: it is a llama"):
        open_lvlm(LvlmSpec(model=str(tmp_path / "text")))
    with pytest.raises(RangeError, match="one of qwen2_vl, qwen2_5_vl, qwen3_vl, smolvlm, got gpt"):
        open_lvlm(LvlmSpec(model="small/gpt"))
    with pytest.raises(RangeError, match="dtype must be one of float32, bfloat16, got float8"):
        LvlmSpec(model="small/qwen2_vl", dtype="float8")
    with pytest.raises(DataError, match="none of the layers w_q"):
        open_lvlm(LvlmSpec(model="small/qwen2_vl", lora_targets=("w_q",)))
