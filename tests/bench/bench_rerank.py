"""Re-ranking 32 candidates: the student with stored tokens, without, its parts, and an LVLM.

python -m tests.bench.bench_rerank [--layers 2]    # prints one Markdown table

The student is the kernels with the shipped relation, as it flies on a CPU; "as one network" is all
of it in ONNX Runtime, as TensorRT has it. "Correlation alone" is a ranker with nothing learned, by
the same kernels: the bar for what learning may cost. Cross-attention is models/cross_attention.py,
from tokens that are stored already halved. Runs of all but the LVLM take turns, so that a busy
machine slows all alike.

The LVLM has the architecture of Qwen2-VL-2B with random weights on one 224 px tile and one 224 px
frame a candidate, in float32: a CPU with AVX2 alone runs bfloat16 slower. Only some decoder layers
run, and one candidate a time; the time of 28 layers is that of the measured ones in proportion, and
the vision tower is left out: what is printed is a lower bound. The frame's own encoding, which
retrieval needs anyway, counts for none of them.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from edgegeo import pairs
from edgegeo.backends.onnxruntime import Session
from edgegeo.correlation import Correlation
from edgegeo.export.onnx import to_onnx
from edgegeo.model_folder import ENCODER, RANKER, RELATION, SHIPPED
from edgegeo.models.cross_attention import CrossAttention
from edgegeo.networks import open_judge
from edgegeo.search import quantise_rows

K, THREADS, REPEATS = 32, 1, 9
LAYERS, TOKENS = 28, 2 * (224 // 28) ** 2 + 24  # of Qwen2-VL-2B; two pictures and the prompt


def processor_ms(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median processor time of one thread, the runs taking turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # warm up
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    return {name: 1e3 * float(np.median(taken)) for name, taken in times.items()}


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
        run = {"": lambda: model(inputs_embeds=hidden, use_cache=False)}
        return processor_ms(run, 3)[""] / layers * LAYERS


def cross_attention(folder: Path) -> Session:
    """Return a session of cross-attention, whatever its weights."""
    tokens = torch.rand(1, 1, 64, 32), torch.rand(1, K, 64, 32)
    to_onnx(
        CrossAttention(), tokens, folder / "attention.onnx", {"frame": {}, "tile": {}}, ["logits"]
    )
    return Session(folder / "attention.onnx", THREADS)


def main(layers: int) -> None:
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(0)
    encoder, network = (Session(SHIPPED / name, THREADS) for name in (ENCODER, RANKER))
    judge = open_judge(SHIPPED / RELATION)
    images = rng.standard_normal((K, 4, 128, 128), dtype=np.float32)
    stored, scales = quantise_rows(encoder.run({"image": images})["tokens"])
    encoded = encoder.run({"image": images[:1]})
    frame, turn_deg = encoded["tokens"], encoded["moves"][:, 0].astype(np.float64)
    rows = np.arange(K, dtype=np.int32)

    halved = rng.standard_normal((1, K, 64, 32), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        attention = cross_attention(Path(folder))
    look, move = np.zeros(K, np.int64), np.full(K, 13, np.int64)
    found = SimpleNamespace(look=look, move=move, tile=rows)

    def related(ranker: Correlation, tokens: np.ndarray, scales: np.ndarray) -> None:
        gallery = SimpleNamespace(tokens=tokens, token_scales=scales)
        ranker.ask(gallery, frame, turn_deg, found, rows.astype(np.int64))

    def as_one_network() -> None:
        tokens = pairs.gather(stored, scales, rows)
        given = {"query_tokens": frame, "copy": look, "move": move, "candidate_tokens": tokens}
        network.run(given)

    student = Correlation(judge=judge)
    runs = {
        "student, stored tokens": lambda: related(student, stored, scales),
        "student, tiles encoded in flight": lambda: related(
            student, *quantise_rows(encoder.run({"image": images})["tokens"])
        ),
        "student as one network, stored tokens": as_one_network,
        "correlation alone, stored tokens": lambda: related(Correlation(), stored, scales),
        "cross-attention, stored tokens": lambda: attention.run(
            {"frame": halved[:, :1], "tile": halved}
        ),
    }
    times = processor_ms(runs, REPEATS)
    times[f"Qwen2-VL-2B's decoder, from {layers} of 28 layers, float32"] = K * decoder_ms(layers)
    ours = times["student, stored tokens"]
    print(f"{K} candidates, one thread, processor time, median\n")
    print("| ranker | ms | times the student |\n|---|---|---|")
    for name, ms in times.items():
        print(f"| {name} | {ms:.1f} | {ms / ours:.2f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", type=int, default=2)
    main(parser.parse_args().layers)
