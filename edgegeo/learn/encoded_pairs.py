"""The pictures of mined candidates through the student's frozen encoder, and what rankers see.

Tokens of frames and tiles, which tile stands where in which list, and where each frame truly lies
on its tiles: whatever ranker learns from lists needs these. What it then sees of a pair does not
change while it learns, so it is computed once, into one safetensors file:

    the ranker's inputs  (q, n, ...) float16, under their names
    offset               (q, n, 2) float32  frame centre minus tile centre, (east, south) in tile
                                            sides; nan where the set does not say where things are

The header holds, as JSON under "edgegeo", the names of the inputs, the sha256 of candidates and
encoder, and what else the inputs depend on. Encoding takes longest, so what all lists of a set
share, its images encoded, is kept in a file beside it, encoded-*.safetensors.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from edgegeo import durable
from edgegeo.backends.onnxruntime import Session
from edgegeo.building.progress import Progress
from edgegeo.datasets import open_benchmark
from edgegeo.datasets.records import Benchmark, GalleryImage, Query
from edgegeo.errors import DataError
from edgegeo.learn.candidate_file import Candidates, read_candidates
from edgegeo.learn.mining import offsets_m
from edgegeo.model_folder import ENCODER, open_model
from edgegeo.models.encoder import EncoderConfig
from edgegeo.preprocess import network_input
from edgegeo.search import quantise_rows

BATCH = 32  # pictures encoded at once
PROBES = 8  # frames, and tiles, that are encoded again to see whether they are the same


@dataclass(frozen=True, eq=False, kw_only=True)
class SeenPairs:
    """What a ranker sees of every pair of a file of candidates, in its order."""

    candidates: Candidates
    blocks: tuple[str, ...]  # (q,) queries of one block are not independent
    seen: tuple[NDArray[np.float16], ...]  # the ranker's inputs, (q, n, ...) or (q, 1, ...)
    offset: NDArray[np.float32]
    tile_m: float | None  # of the set, where it has one


@dataclass(frozen=True, eq=False, kw_only=True)
class EncodedPairs:
    """q frames, and g tiles as a gallery holds them."""

    tokens: NDArray[np.float32]  # (q, t, c) of frames
    moved: NDArray[np.float32]  # (q, m, d) embeddings of frames, see models.encoder.moves
    tile_tokens: NDArray[np.int8]  # (g, t, c), times
    tile_scales: NDArray[np.float32]  # (g,)
    embedding: NDArray[np.float32]  # (g, d) of tiles
    column: NDArray[np.int32]  # (q, n) into the tiles; padding has any


def seen_pairs(
    candidates: Path,
    model: Path,
    out: Path,
    names: Sequence[str],
    see: Callable[[EncodedPairs], Sequence[NDArray[np.float16]]],
    **depends: float,
) -> SeenPairs:
    """Return what `see` makes of the pairs, its arrays called `names`; from `out` if it is there.

    `model` is a model folder, whose encoder is run; `depends` is what else the arrays depend on.
    Raises DataError where a picture of the set cannot be read.
    """
    found = read_candidates(candidates)
    made = found.provenance
    benchmark = open_benchmark(made["set"], made["folder"], made["split"])
    encoder = _sha256((open_model(model).path / ENCODER).read_bytes())
    made_of = {
        "inputs": [*names],
        "candidates": _sha256(candidates.read_bytes()),
        "encoder": encoder,
        **depends,
    }
    arrays = _read(out, made_of, (*names, "offset"))
    if arrays is None:
        encoded = _encoded_set(found, benchmark, model, encoder, out.parent)
        column = np.maximum(found.rows, 0)
        seen = see(EncodedPairs(**encoded, column=column))
        arrays = dict(zip((*names, "offset"), (*seen, _offsets(found, benchmark)), strict=True))
        durable.write_file(out, save(arrays, {"edgegeo": json.dumps(made_of)}))
    block_of = {query.id: query.block for query in benchmark.queries}
    sides = {image.side_m for image in benchmark.gallery}
    return SeenPairs(
        candidates=found,
        blocks=tuple(block_of[id_] for id_ in found.query_ids),
        seen=tuple(arrays[name] for name in names),
        offset=arrays["offset"],
        tile_m=sides.pop() if len(sides) == 1 else None,
    )


def _encoded_set(
    found: Candidates, benchmark: Benchmark, model: Path, encoder: str, folder: Path
) -> dict[str, NDArray[Any]]:
    """Return the images that candidates were mined from, encoded, all fields but the column."""
    made_of = {
        "folder": found.provenance["folder"],
        "images": _sha256("\n".join((*found.query_ids, *found.gallery_ids)).encode()),
        "encoder": encoder,
    }
    out = folder / f"encoded-{_sha256(json.dumps(made_of).encode())[:12]}.safetensors"
    names = [field.name for field in fields(EncodedPairs) if field.name != "column"]
    session = Session(open_model(model).path / ENCODER, 0)
    of_query = {query.id: query for query in benchmark.queries}
    of_tile = {image.id: image for image in benchmark.gallery}
    queries, tiles = [of_query[i] for i in found.query_ids], [of_tile[i] for i in found.gallery_ids]
    kept = _read(out, made_of, names)
    if kept is not None and _still_so(kept, session, queries, tiles):
        return kept
    frames = [(b["tokens"], b["moved"]) for b in _batches(session, queries, "frames")]
    stored = [
        (*quantise_rows(batch["tokens"]), batch["embedding"])
        for batch in _batches(session, tiles, "tiles")
    ]
    parts = (*zip(*frames, strict=True), *zip(*stored, strict=True))
    arrays = dict(zip(names, map(np.concatenate, parts), strict=True))
    durable.write_file(out, save(arrays, {"edgegeo": json.dumps(made_of)}))
    return arrays


def _still_so(
    kept: dict[str, NDArray[Any]],
    encoder: Session,
    queries: Sequence[Query],
    tiles: Sequence[GalleryImage],
) -> bool:
    """Encode some images again: a set made anew under the same names shows other pictures."""
    for images, name in ((queries, "tokens"), (tiles, "embedding")):
        rows = np.linspace(0, len(images) - 1, PROBES).round().astype(int)
        found = _run(encoder, [images[row] for row in rows])[name]
        if not np.allclose(found, kept[name][rows], atol=1e-3):
            return False
    return True


def _batches(
    encoder: Session, images: Sequence[Query | GalleryImage], what: str
) -> Iterator[dict[str, NDArray[Any]]]:
    counter = Progress(f"encode {what}", len(images), True)
    for first in range(0, len(images), BATCH):
        some = images[first : first + BATCH]
        yield _run(encoder, some)
        counter.update(first + len(some))


def _run(encoder: Session, images: Sequence[Query | GalleryImage]) -> dict[str, NDArray[Any]]:
    px = EncoderConfig().px
    inputs = np.stack([network_input(*one.picture.square(px, "stretch")) for one in images])
    return encoder.run({"image": inputs})


def _offsets(found: Candidates, benchmark: Benchmark) -> NDArray[np.float32]:
    """Return (q, n, 2) of frames' centres from those of tiles, (east, south) in tile sides."""
    offset = np.full((*found.rows.shape, 2), np.nan, np.float32)
    if found.distance_m is None:
        return offset
    of_query = {query.id: query for query in benchmark.queries}
    of_tile = {image.id: image for image in benchmark.gallery}
    for id_, rows, off in zip(found.query_ids, found.rows, offset, strict=True):
        tiles = [of_tile[found.gallery_ids[row]] for row in rows[rows >= 0]]
        east, north = offsets_m(of_query[id_], np.array([tile.at for tile in tiles], np.float64))
        sides = np.array([tile.side_m or np.nan for tile in tiles])
        off[rows >= 0] = np.stack([-east / sides, north / sides], 1)
    return offset


def _read(
    path: Path, made_of: dict[str, Any], names: Sequence[str]
) -> dict[str, NDArray[Any]] | None:
    """Return the arrays made of exactly that, else None."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            if json.loads((file.metadata() or {})["edgegeo"]) != made_of:
                return None
            return {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no file of seen pairs, delete it: {error}") from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
