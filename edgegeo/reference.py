"""Fixed inputs and outputs of the networks, kept in an engine: the parity check of a board."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo import durable
from edgegeo.correlation import reach_of
from edgegeo.errors import EngineError, ShapeError
from edgegeo.model_folder import ENCODER, RANKER, RELATION, networks_in
from edgegeo.preprocess import network_input

FOLDER = "reference"
PICTURES = 4
# Of the output's largest value, or of 1 where that is smaller, on any CPU or GPU, by the networks'
# precision. Right arithmetic was seen to differ by half of it at most in float16 (sums rounded
# after every product) and in int8 (Q/DQ nodes computed in float32), by a thousandth in float32.
# See tests/bench/bench_rounding.py.
TOLERANCES = {"fp32": 1e-3, "fp16": 5e-3, "int8": 0.07}

Arrays = dict[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int | None, ...]]


def reference_images(px: int) -> NDArray[np.float32]:
    """Return PICTURES patterns as (4, 4, px, px) network input, the same on every machine.

    Whole-number arithmetic only. The last one has a corner without coverage.
    """
    v, u = np.mgrid[:px, :px]
    images = []
    for n in range(PICTURES):
        planes = [(u * (n + 3) ^ v * (channel + 5)) + u * v // 7 for channel in range(3)]
        valid = np.ones((px, px), np.float32)
        if n == PICTURES - 1:
            valid[: px // 4, : px // 3] = 0
        images.append(network_input((np.stack(planes, axis=-1) % 256).astype(np.uint8), valid))
    return np.stack(images)


def reference_volumes(grid: int) -> Arrays:
    """Return PICTURES cosines and overlaps over shifts: peaks at places of their own, on a raster
    of many levels."""
    side = 2 * reach_of(grid) + 1
    y, x = np.mgrid[:side, :side]
    peaks = [np.abs(y - 2 * n) + np.abs(x - side + 3 * n + 1) for n in range(PICTURES)]
    levels = [(5 * y * y + 3 * x * (n + 2) + x * y) % 17 for n in range(PICTURES)]
    cosine = 0.9 - np.stack(peaks) / 16 + np.stack(levels) / 64
    overlap = 1 - (np.abs(y - side // 2) + np.abs(x - side // 2)) / (2 * side)
    return {
        "cosine": cosine.astype(np.float32),
        "overlap": np.stack([overlap] * PICTURES).astype(np.float32),
    }


def run_reference(model: Path, px: int, grid: int) -> Arrays:
    """Run the networks of a model folder on the patterns.

    Returns the arrays by file stem, `encoder.in.image` and so on. Raises EngineError where a
    network does not keep the contract: names, shapes, unit embeddings, finite values.
    """
    image = reference_images(px)
    encoded = _run(model / ENCODER, {"image": image})
    _check(ENCODER, encoded, {"embedding": (PICTURES, None), "tokens": (PICTURES, grid**2, None)})
    if "moved" in encoded:
        moves = len(encoded.get("moves", ()))
        shape = (PICTURES, moves, encoded["embedding"].shape[1])
        _check(ENCODER, encoded, {"moves": (moves, 3), "moved": shape})
    for name in {"embedding", "moved"} & encoded.keys():
        if not np.allclose(np.linalg.norm(encoded[name], axis=-1), 1, atol=1e-3):
            raise EngineError(f"{ENCODER} must give unit embeddings, got others as {name}")
    pairs: Arrays = {
        "query_tokens": encoded["tokens"][:1],
        "copy": np.zeros(PICTURES, np.int64),
        "move": np.zeros(PICTURES, np.int64),
        "candidate_tokens": encoded["tokens"],
    }
    ranked = _run(model / RANKER, pairs)
    judgement: Shapes = {
        "relevance": (PICTURES,),
        "offset": (PICTURES, 2),
        "log_variance": (PICTURES,),
    }
    _check(RANKER, ranked, {**judgement, "turn": (PICTURES,), "scale": (PICTURES,)})
    parts = {
        "encoder.in": {"image": image},
        "encoder.out": encoded,
        "ranker.in": pairs,
        "ranker.out": ranked,
    }
    if RELATION in networks_in(model):
        volumes = reference_volumes(grid)
        judged = _run(model / RELATION, volumes)
        _check(RELATION, judged, judgement)
        parts |= {"relation.in": volumes, "relation.out": judged}
    return {f"{part}.{name}": a for part, arrays in parts.items() for name, a in arrays.items()}


def write_reference(arrays: Arrays, engine: Path) -> list[str]:
    """Write the arrays of `run_reference` into an engine being built; returns the files."""
    (engine / FOLDER).mkdir(exist_ok=True)
    names = [f"{FOLDER}/{stem}.npy" for stem in arrays]
    for name, array in zip(names, arrays.values(), strict=True):
        durable.write_file(engine / name, durable.npy_bytes(array))
    return names


def tolerance_of(model: str, precision: str) -> float:
    """Return how far a network of an engine in that precision may be from its reference.

    >>> tolerance_of("encoder.onnx", "int8"), tolerance_of("ranker.onnx", "int8")  # it is in fp32
    (0.07, 0.001)
    """
    if model == RELATION or (model == RANKER and precision == "int8"):
        precision = "fp32"
    return TOLERANCES.get(precision, TOLERANCES["fp32"])


def largest_difference(engine: Path, precision: str = "fp32") -> float:
    """Run an engine's networks on its stored inputs; return the largest relative difference.

    Raises EngineError above `tolerance_of`, or where the stored arrays cannot be read.
    """
    return max(
        difference_of(engine, model, partial(_run, engine / model), tolerance_of(model, precision))
        for model in networks_in(engine)
    )


def difference_of(
    engine: Path, model: str, run: Callable[[Arrays], Arrays], tolerance: float
) -> float:
    """Run one network, `model` of an engine in whatever way, on its stored inputs.

    Returns the largest relative difference; raises EngineError above `tolerance`.
    """
    stem = model.removesuffix(".onnx")
    outputs = run(_stored(engine, f"{stem}.in."))
    worst = 0.0
    for name, expected in _stored(engine, f"{stem}.out.").items():
        if name not in outputs or outputs[name].shape != expected.shape:
            raise EngineError(f"{engine / model} does not give {name} as its reference does")
        scale = max(1.0, float(np.abs(expected).max()))
        difference = float(np.abs(outputs[name] - expected).max()) / scale
        if not difference <= tolerance:
            raise EngineError(
                f"{model} gives another {name} here than where {engine} was built: off by "
                f"{difference:.2g}, at most {tolerance:g} allowed"
            )
        worst = max(worst, difference)
    return worst


def _run(path: Path, inputs: Arrays) -> Arrays:
    from edgegeo.backends.onnxruntime import Session

    try:
        return Session(path, threads=1).run(inputs)
    except ShapeError as error:
        raise EngineError(f"the networks and their description do not fit: {error}") from error


def _stored(engine: Path, prefix: str) -> Arrays:
    paths = sorted((engine / FOLDER).glob(f"{prefix}*.npy"))
    if not paths:
        raise EngineError(f"{engine} has no {FOLDER}/{prefix}*.npy; build it again")
    names = [path.name.removeprefix(prefix).removesuffix(".npy") for path in paths]
    try:
        return {n: np.load(p, allow_pickle=False) for n, p in zip(names, paths, strict=True)}
    except (OSError, ValueError, EOFError) as error:
        raise EngineError(f"{engine / FOLDER} cannot be read: {error}") from error


def _check(model: str, outputs: Arrays, shapes: Shapes) -> None:
    for name, shape in shapes.items():
        if name not in outputs:
            raise EngineError(f"{model} must have an output {name}, got {', '.join(outputs)}")
        array = outputs[name]
        wanted = tuple(g if s is None else s for s, g in zip(shape, array.shape, strict=False))
        if array.ndim != len(shape) or array.shape != wanted or array.dtype != np.float32:
            raise EngineError(
                f"{model} must give {name} as {shape} float32, got {array.shape} {array.dtype}"
            )
        if not np.isfinite(array).all():
            raise EngineError(f"{model} gives {name} that is not finite")
