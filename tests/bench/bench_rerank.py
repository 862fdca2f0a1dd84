"""Re-ranking 32 candidates: the student with stored tokens, without, and an LVLM of 2B's layers.

python -m tests.bench.bench_rerank [--layers 2]    # prints one Markdown table

The LVLM has the architecture of Qwen2-VL-2B with random weights on one 224 px tile and one 224 px
frame a candidate, in float32: a CPU with AVX2 alone runs bfloat16 slower. Only some decoder layers
run, and one candidate a time; the time of 28 layers is that of the measured ones in proportion, and
the vision tower is left out: what is printed is a lower bound. The frame's own encoding, which
retrieval needs anyway, counts for none of them.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from edgegeo import pairs
from edgegeo.backends.onnxruntime import Session
from edgegeo.model_folder import ENCODER, RANKER, SHIPPED
from edgegeo.search import quantise_rows

K, THREADS, REPEATS = 32, 1, 5
LAYERS, TOKENS = 28, 2 * (224 // 28) ** 2 + 24  # of Qwen2-VL-2B; two pictures and the prompt


def processor_ms(run: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median processor time of one thread: a busy machine does not count."""
    run()  # warm up
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return 1e3 * float(np.median(times))


def decoder_ms(layers: int) -> float:
    """Return the time of 28 layers for one candidate, from `layers` measured."""
    from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLTextConfig
    from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLTextModel

    config = Qwen2VLTextConfig(
        hidden_size=1536,
        intermediate_size=8960,
        num_hidden_layers=layers,
        num_attention_heads=12,
        num_key_value_heads=2,
        vocab_size=64,  # the embedding table is not measured
        bos_token_id=None,
        eos_token_id=None,
        rope_parameters={
            "rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24],
        },
    )  # fmt: skip
    model = Qwen2VLTextModel(config).eval()
    hidden = torch.randn(1, TOKENS, 1536)
    with torch.no_grad():
        return (
            processor_ms(lambda: model(inputs_embeds=hidden, use_cache=False), 3) / layers * LAYERS
        )


def main(layers: int) -> None:
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(0)
    encoder, ranker = (Session(SHIPPED / name, THREADS) for name in (ENCODER, RANKER))
    images = rng.standard_normal((K, 4, 128, 128), dtype=np.float32)
    stored, scales = quantise_rows(encoder.run({"image": images})["tokens"])
    frame = encoder.run({"image": images[:1]})["tokens"]
    rows = np.arange(K, dtype=np.int32)

    def related(tokens: np.ndarray) -> None:
        copy, move = np.zeros(K, np.int64), np.full(K, 13, np.int64)
        given = {"query_tokens": frame, "copy": copy, "move": move, "candidate_tokens": tokens}
        ranker.run(given)

    with_stored = processor_ms(lambda: related(pairs.gather(stored, scales, rows)))
    without = processor_ms(lambda: related(encoder.run({"image": images})["tokens"]))
    lvlm = K * decoder_ms(layers)
    print(f"{K} candidates, one thread, processor time, median\n")
    print("| ranker | ms | times the student |\n|---|---|---|")
    for name, ms in (
        ("student, stored tokens", with_stored),
        ("student, tiles encoded in flight", without),
        (f"Qwen2-VL-2B's decoder, from {layers} of 28 layers, float32", lvlm),
    ):
        print(f"| {name} | {ms:.1f} | {ms / with_stored:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", type=int, default=2)
    main(parser.parse_args().layers)
