"""The networks in ONNX Runtime beside the same weights in PyTorch: errors, size and time.

    python -m tests.bench.bench_networks CHECKPOINT [MODEL ...] [--threads 2] [--repeats 25]

CHECKPOINT  training/weights/student-1.safetensors, for instance
MODEL       model folders of it (default: the shipped one), such as `edgegeo export` writes

One table, all contestants in turns. PyTorch in inference mode, in the better of its two memory
formats, with as many threads. "Than unbound": how many times faster than the same session without
its outputs bound to memory that is kept. With one thread the times are of the processor, not of the
clock: a busy machine does not change those.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from edgegeo.backends.onnxruntime import Session
from edgegeo.export.checkpoint import load_student
from edgegeo.export.parity import ENCODED, RANKED, InTorch
from edgegeo.model_folder import ENCODER, RANKER, SHIPPED
from edgegeo.models.ranker import Ranker
from edgegeo.timing import medians_ms

REST_S = 0.02  # PyTorch's threads spin after their work

Arrays = dict[str, np.ndarray]


class ChannelsLast(InTorch):
    """The network and its picture with the channels innermost."""

    def __init__(self, network: torch.nn.Module, outputs: tuple[str, ...]) -> None:
        super().__init__(network.to(memory_format=torch.channels_last), outputs)

    def run(self, inputs: Arrays) -> Arrays:
        image = torch.from_numpy(inputs["image"]).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            found = self._network(image)
        return {n: value.numpy() for n, value in zip(self._outputs, found, strict=True)}


def unbound(session: Session, inputs: Arrays) -> list[np.ndarray]:
    """Run with memory of ONNX Runtime's own."""
    return session._session.run(list(session.output_shapes), inputs)


def cases() -> dict[str, tuple[str, Arrays]]:
    """What is run, by its name in the table: (file, inputs)."""
    rng = np.random.default_rng(0)
    image = rng.standard_normal((4, 4, 128, 128), np.float32)
    image[:, 3] = 1
    tokens = Session(SHIPPED / ENCODER).run({"image": image})["tokens"]
    found = {
        f"encoder, batch {batch}": (ENCODER, {"image": image[:batch].copy()}) for batch in (1, 4)
    }
    for k in (8, 32, 100):
        noise = 0.02 * rng.standard_normal((k, *tokens.shape[1:]), np.float32)
        found[f"ranker, K = {k}"] = (
            RANKER,
            {
                "query_tokens": tokens,
                "copy": np.arange(k) % 4,
                "move": np.arange(k) % 27,
                "candidate_tokens": tokens[np.arange(k) % 4] + noise,
            },
        )
    return found


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("checkpoint", type=Path)
    p.add_argument("models", type=Path, nargs="*", default=[SHIPPED])
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--repeats", type=int, default=25)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    student, other = load_student(args.checkpoint), load_student(args.checkpoint)
    ranker = InTorch(Ranker(student.relation, student.encoder.config), RANKED)
    peers = {
        ENCODER: [InTorch(student.encoder, ENCODED), ChannelsLast(other.encoder, ENCODED)],
        RANKER: [ranker],
    }
    clock = time.process_time if args.threads == 1 else time.perf_counter
    print(f"{args.threads} threads, median of {args.repeats}, PyTorch {torch.__version__}\n")
    print(
        "| model | MB | network | error | ms | PyTorch ms | times faster | than unbound |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for model in args.models:
        for name, (file, inputs) in cases().items():
            session = Session(model / file, args.threads)
            runs = [partial(session.run, inputs)]
            runs.append(partial(unbound, session, inputs))
            runs += [partial(peer.run, inputs) for peer in peers[file]]
            ours, plain, *theirs = medians_ms(runs, args.repeats, REST_S, clock)
            expected = peers[file][0].run(inputs)
            output = "embedding" if file == ENCODER else "relevance"
            error = np.abs(session.run(inputs)[output] - expected[output]).max()
            size = (model / file).stat().st_size / 1e6
            print(
                f"| {model.name} | {size:.2f} | {name} | {error:.1e} | {ours:.1f} "
                f"| {min(theirs):.1f} | {min(theirs) / ours:.2f} | {plain / ours:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
