"""Embeddings of two simple retrievers, written as another repository writes its own.

    python -m training.simple_embeddings truth FOLDER OUT [--split SPLIT]
    python -m training.mine_candidates truth FOLDER --out lists.safetensors \\
        --embeddings OUT/colour-q.npy OUT/colour-g.npy --ids OUT/q.txt OUT/g.txt

For asking what re-ranking gives a weaker retriever than ours, and whether any can be put in its
place. Writes OUT/{colour,mean}-{q,g}.npy, the rows of queries and gallery, and OUT/{q,g}.txt:

colour  made by hand: in each of 4 x 4 cells the mean colour and a histogram of gradients
mean    the mean of our encoder's tokens, which forgets what lies where
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import durable
from edgegeo.backends.onnxruntime import Session
from edgegeo.building.progress import Progress
from edgegeo.datasets import open_benchmark
from edgegeo.datasets.open import SETS
from edgegeo.datasets.records import GalleryImage, Query
from edgegeo.model_folder import ENCODER, SHIPPED
from edgegeo.preprocess import network_input

PX, CELLS, BINS, BATCH = 128, 4, 8, 32


def colour_and_gradient(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe a picture (px, px, 3) by (CELLS^2 * (3 + BINS),) float32, a unit row.

    Colours are centred and scaled over the picture. Gradients of the grey picture are counted by
    direction, opposite ones as one, and weighed by their strength (Dalal and Triggs, 2005); each
    half of the row has the same length.
    """
    colour = rgb.astype(np.float32)
    colour = (colour - colour.mean((0, 1))) / (colour.std() + 1)
    down, across = np.gradient(rgb.astype(np.float32).mean(2))
    strength = np.hypot(down, across)
    bins = ((np.arctan2(down, across) % np.pi) / np.pi * BINS).astype(int) % BINS
    by_direction = (bins[..., None] == np.arange(BINS)) * np.sqrt(strength)[..., None]
    halves = []
    for parts in (colour, by_direction):
        cells = parts.reshape(CELLS, len(rgb) // CELLS, CELLS, -1, parts.shape[2]).mean((1, 3))
        row = cells.ravel()
        halves.append(row / (np.linalg.norm(row) + 1e-6))
    return np.asarray(np.concatenate(halves) / np.sqrt(2), np.float32)


def embeddings(images: Sequence[Query | GalleryImage]) -> dict[str, NDArray[np.float32]]:
    """Return rows (n, d) of each retriever, in the order of the images."""
    encoder = Session(SHIPPED / ENCODER, 1)
    rows: dict[str, list[NDArray[np.float32]]] = {"colour": [], "mean": []}
    counter = Progress("embed", len(images), True)
    for first in range(0, len(images), BATCH):
        pictures = [one.picture.square(PX, "stretch") for one in images[first : first + BATCH]]
        rows["colour"] += [colour_and_gradient(rgb) for rgb, _ in pictures]
        inputs = np.stack([network_input(*picture) for picture in pictures])
        rows["mean"] += [*encoder.run({"image": inputs})["tokens"].mean(1)]
        counter.update(first + len(pictures))
    return {name: np.stack(found) for name, found in rows.items()}


def main(name: str, folder: Path, out: Path, split: str | None) -> None:
    benchmark = open_benchmark(name, folder, split)
    out.mkdir(parents=True, exist_ok=True)
    for letter, images in (("q", benchmark.queries), ("g", benchmark.gallery)):
        for kind, rows in embeddings(images).items():
            durable.write_file(out / f"{kind}-{letter}.npy", durable.npy_bytes(rows))
        text = "".join(f"{image.id}\n" for image in images)
        durable.write_file(out / f"{letter}.txt", text.encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=SETS, metavar="SET")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split")
    given = parser.parse_args()
    main(given.set, given.folder, given.out, given.split)
