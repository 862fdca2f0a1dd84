"""How far a model in files is from its weights in PyTorch, and how fast it is."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgegeo.backends import Runner
from edgegeo.backends.onnxruntime import Session
from edgegeo.model_folder import ENCODER, RANKER
from edgegeo.models.ranker import Ranker
from edgegeo.models.student import Student
from edgegeo.timing import medians_ms

REPEATS = 31  # of each timing
FRAMES = 4  # of the pictures, each ranked against all of them
ENCODED = ("embedding", "tokens", "moved", "moves")
RANKED = ("relevance", "offset", "log_variance", "turn", "scale")

Arrays = dict[str, NDArray[Any]]


class InTorch:
    """A network in PyTorch that runs as a backend's session does."""

    def __init__(self, network: nn.Module, outputs: tuple[str, ...]) -> None:
        self._network, self._outputs = network.eval(), outputs

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        with torch.inference_mode():
            given = [torch.from_numpy(np.ascontiguousarray(a)) for a in inputs.values()]
            found = self._network(*given)
        return {n: value.numpy() for n, value in zip(self._outputs, found, strict=True)}


def compare(student: Student, model: Path, pictures: NDArray[np.float32]) -> dict[str, Any]:
    """Run the weights in float32 PyTorch and the model's ONNX files on the same pictures.

    Returns, for embedding, moved, tokens and relevance, the largest and the mean difference:
    {"embedding": {"max": ..., "mean": ...}, ...}. Relevance is of every pair of one of the first
    FRAMES pictures and any of the `pictures` (n, 4, px, px), each side ranking its own tokens.
    """
    config = student.encoder.config
    weights = (
        InTorch(student.encoder, ENCODED),
        InTorch(Ranker(student.relation, config), RANKED),
    )
    files = (Session(model / ENCODER), Session(model / RANKER))
    expected, found = _encode(weights[0], pictures), _encode(files[0], pictures)
    cosine = np.einsum("imd,jd->ijm", expected["moved"][:FRAMES], expected["embedding"])
    move = cosine.argmax(axis=2)
    for side, ranker in ((expected, weights[1]), (found, files[1])):
        side["relevance"] = _relevance(ranker, side["tokens"], move)
    differences = {}
    for name in ("embedding", "moved", "tokens", "relevance"):
        off = np.abs(found[name] - expected[name])
        differences[name] = {"max": float(off.max()), "mean": float(off.mean())}
    return differences


def speed_up(plain: Path, model: Path, pictures: NDArray[np.float32]) -> dict[str, float]:
    """Return how many times faster than the model folder `plain` another runs, by network.

    ONNX Runtime on this machine, both in turns; four crops, 32 pairs.
    """
    crops = {"image": np.resize(pictures, (4, *pictures.shape[1:]))}
    tokens = Session(plain / ENCODER).run(crops)["tokens"]
    pairs = {
        "query_tokens": tokens,
        "copy": np.arange(32, dtype=np.int64) % 4,
        "move": np.arange(32, dtype=np.int64) % 27,
        "candidate_tokens": np.resize(tokens, (32, *tokens.shape[1:])),
    }
    ratios = {}
    for name, inputs in ((ENCODER, crops), (RANKER, pairs)):
        first, second = Session(plain / name), Session(model / name)
        before, after = medians_ms(
            [partial(first.run, inputs), partial(second.run, inputs)], repeats=REPEATS
        )
        ratios[name.removesuffix(".onnx")] = before / after
    return ratios


def _encode(encoder: Runner, pictures: NDArray[np.float32]) -> Arrays:
    parts = [encoder.run({"image": pictures[i : i + 8]}) for i in range(0, len(pictures), 8)]
    return {n: np.concatenate([part[n] for part in parts]) for n in ENCODED[:3]}


def _relevance(
    ranker: Runner, tokens: NDArray[np.float32], move: NDArray[np.int64]
) -> NDArray[np.float32]:
    rows = []
    for frame, moves in enumerate(move):
        pairs = {
            "query_tokens": tokens[frame : frame + 1],
            "copy": np.zeros(len(tokens), np.int64),
            "move": moves.astype(np.int64),
            "candidate_tokens": tokens,
        }
        rows.append(ranker.run(pairs)["relevance"])
    return np.stack(rows)
