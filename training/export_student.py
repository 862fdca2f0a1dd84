"""Fit the whitening of a trained student and write it as ONNX: a folder for `build --model`.

    python -m training.export_student DATA RUN/student.pt OUT [--model-id NAME]

Reads   RUN/student.pt   from training.train_student, or a .safetensors file of weights
        DATA             tiles of the train split, for the whitening
Writes  OUT/             encoder.onnx  ranker.onnx  model.json (not yet calibrated), and
                         student.safetensors and student.whitening.safetensors: the weights in
                         half precision and their whitening, to go on from
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from edgegeo.export.checkpoint import load_student, save_student
from edgegeo.export.onnx import export_student
from edgegeo.learn.pairs_of_views import Views, draw
from edgegeo.learn.whitening import fit_whitening
from training.train_student import groups_of

BATCHES, BATCH = 80, 40


def main(data: Path, checkpoint: Path, out: Path, model_id: str) -> None:
    student = load_student(checkpoint)
    groups, shares = groups_of(data, landscapes=0)
    tiles = [
        draw(groups, shares, BATCH, Views(), np.random.default_rng(seed)).tiles
        for seed in range(BATCHES)
    ]
    fit_whitening(student.encoder, torch.from_numpy(np.concatenate(tiles)))
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "student.safetensors"
    save_student(student, weights)
    # Of the weights as they were rounded, so that `edgegeo export` of them is the same network.
    export_student(load_student(weights), out, model_id, {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model-id", default="edgegeo-student-1.1")
    arguments = parser.parse_args()
    main(arguments.data, arguments.checkpoint, arguments.out, arguments.model_id)
