"""What the student's ranker sees of mined candidates, computed once by a frozen encoder.

The relation judges a volume of cosines and one of overlaps for each pair of a frame and a tile
(models.ranker.Ranker.volumes). With the encoder frozen they do not change while the relation
learns, so an epoch over thousands of lists takes seconds. One safetensors file:

    cosine, overlap  (q, n, s, s) float16  at the turn and scale the ranker finds best
    offset           (q, n, 2) float32     frame centre minus tile centre, (east, south) in tile
                                           sides; nan where the set does not say where things are

The header holds, as JSON under "edgegeo", the sha256 of candidates, encoder and relation.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from edgegeo import durable, pairs
from edgegeo.backends.onnxruntime import Session
from edgegeo.building.progress import Progress
from edgegeo.datasets import open_benchmark
from edgegeo.datasets.records import Benchmark, GalleryImage, Query
from edgegeo.errors import DataError
from edgegeo.learn.candidate_file import Candidates, read_candidates
from edgegeo.learn.mining import offsets_m
from edgegeo.model_folder import ENCODER, open_model
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.ranker import Ranker
from edgegeo.models.student import REACH, Relation
from edgegeo.preprocess import network_input
from edgegeo.search import quantise_rows

BATCH = 32  # pictures encoded at once
PAIRS = 96  # related at once


@dataclass(frozen=True, eq=False, kw_only=True)
class PairVolumes:
    """The volumes of a file of candidates, in its order, and the candidates themselves."""

    candidates: Candidates
    blocks: tuple[str, ...]  # (q,) queries of one block are not independent
    cosine: NDArray[np.float16]
    overlap: NDArray[np.float16]
    offset: NDArray[np.float32]
    tile_m: float | None  # of the set, where it has one


def pair_volumes(candidates: Path, model: Path, relation: Relation, out: Path) -> PairVolumes:
    """Relate every mined pair, or read `out` where it holds just that.

    `model` is a model folder, `relation` chooses the turn and scale of each pair. Raises
    DataError where a picture of the set cannot be read.
    """
    found = read_candidates(candidates)
    made = found.provenance
    benchmark = open_benchmark(made["set"], made["folder"], made["split"])
    made_of = {
        "candidates": hashlib.sha256(candidates.read_bytes()).hexdigest(),
        "encoder": hashlib.sha256((open_model(model).path / ENCODER).read_bytes()).hexdigest(),
        "power": float(relation.power.detach()),  # all of the relation that the choice depends on
    }
    arrays = _read(out, made_of)
    if arrays is None:
        arrays = _related(found, benchmark, model, relation)
        durable.write_file(out, save(arrays, {"edgegeo": json.dumps(made_of)}))
    block_of = {query.id: query.block for query in benchmark.queries}
    sides = {image.side_m for image in benchmark.gallery}
    return PairVolumes(
        candidates=found,
        blocks=tuple(block_of[id_] for id_ in found.query_ids),
        tile_m=sides.pop() if len(sides) == 1 else None,
        **arrays,
    )


def _related(
    found: Candidates, benchmark: Benchmark, model: Path, relation: Relation
) -> dict[str, NDArray[Any]]:
    encoder = Session(open_model(model).path / ENCODER, 0)
    ranker = Ranker(relation, EncoderConfig()).eval()
    of_query = {query.id: query for query in benchmark.queries}
    of_tile = {image.id: image for image in benchmark.gallery}
    used, column = np.unique(found.rows, return_inverse=True)
    column = column.reshape(found.rows.shape)
    queries = [of_query[id_] for id_ in found.query_ids]
    tiles = [of_tile[found.gallery_ids[row]] for row in used]  # padding takes the last tile
    seen = _encoded(encoder, queries, "frames", ("tokens", "moved"))
    stored = _encoded(encoder, tiles, "tiles", ("tokens", "embedding"))
    tokens, scales = quantise_rows(stored["tokens"])  # as a gallery holds them

    q, n = found.rows.shape
    side = 2 * REACH + 1
    cosine, overlap = (np.zeros((q, n, side, side), np.float16) for _ in range(2))
    counter = Progress("relate", q, True)
    at_once = max(1, PAIRS // n)
    for first in range(0, q, at_once):
        some = slice(first, min(first + at_once, q))
        rows = column[some].astype(np.int32)
        similar = np.einsum("qmd,qnd->qnm", seen["moved"][some], stored["embedding"][rows])
        with torch.no_grad():
            volumes = ranker.volumes(
                torch.from_numpy(seen["tokens"][some]),
                torch.arange(len(rows)).repeat_interleave(n),
                torch.from_numpy(similar.argmax(2).ravel()),
                torch.from_numpy(pairs.gather(tokens, scales, rows.ravel())),
            )
        for kept, new in zip((cosine, overlap), volumes, strict=False):
            kept[some] = new.reshape(-1, n, side, side).numpy()
        counter.update(some.stop)
    offset = np.full((q, n, 2), np.nan, np.float32)
    if found.distance_m is not None:
        for number, (query, row) in enumerate(zip(queries, column, strict=True)):
            held = found.rows[number] >= 0
            offset[number, held] = _offsets(query, [tiles[i] for i in row[held]])
    return {"cosine": cosine, "overlap": overlap, "offset": offset}


def _offsets(query: Query, tiles: Sequence[GalleryImage]) -> NDArray[np.float32]:
    """Return (k, 2) of a frame's centre from those of tiles, (east, south) in tile sides."""
    east, north = offsets_m(query, np.array([tile.at for tile in tiles], np.float64))
    sides = np.array([tile.side_m or np.nan for tile in tiles])
    return np.stack([-east / sides, north / sides], 1).astype(np.float32)


def _encoded(
    encoder: Session, images: Sequence[Query | GalleryImage], what: str, names: tuple[str, ...]
) -> dict[str, NDArray[np.float32]]:
    px = EncoderConfig().px
    parts: list[dict[str, NDArray[Any]]] = []
    counter = Progress(f"encode {what}", len(images), True)
    for first in range(0, len(images), BATCH):
        some = images[first : first + BATCH]
        inputs = np.stack([network_input(*one.picture.square(px, "stretch")) for one in some])
        parts.append(encoder.run({"image": inputs}))
        counter.update(first + len(some))
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _read(path: Path, made_of: dict[str, Any]) -> dict[str, NDArray[Any]] | None:
    """Return the arrays made of exactly that, else None."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            if json.loads((file.metadata() or {})["edgegeo"]) != made_of:
                return None
            return {name: file.get_tensor(name) for name in ("cosine", "overlap", "offset")}
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no file of pair volumes, delete it: {error}") from error
