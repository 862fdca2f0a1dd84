"""Trained weights in files: with the whitening of the embeddings beside them."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from edgegeo import durable
from edgegeo.errors import DataError
from edgegeo.models.encoder import EncoderConfig
from edgegeo.models.student import Student

WHITENING = ("encoder.mean", "encoder.projection")
NOT_STORED = ("num_batches_tracked", *WHITENING)


def load_student(checkpoint: Path) -> Student:
    """Return the averaged weights of a checkpoint, ready to infer.

    Either student.pt of training.train_student, or a .safetensors file of the weights alone with
    their whitening in the file beside it (see `whitening_beside`). Where there is none, the
    whitening is as a new network's: learn.whitening fits it. Raises DataError for a file that is
    cut short, or that holds another network.
    """
    beside = whitening_beside(checkpoint)
    if checkpoint.suffix == ".safetensors":
        weights = _read(checkpoint)
        if beside.is_file():
            weights |= _read(beside)
    else:
        weights = _average(checkpoint)
    student = Student(EncoderConfig())
    try:
        missing, unknown = student.load_state_dict(weights, strict=False)
    except RuntimeError as error:  # a tensor of another shape
        raise DataError(f"{checkpoint} holds another network: {error}") from error
    missing = [name for name in missing if not name.endswith(NOT_STORED)]
    if missing or unknown:
        raise DataError(f"{checkpoint}: lacks {missing}, does not know {unknown}")
    return student.eval()


def save_student(student: Student, path: Path) -> None:
    """Write weights in half precision and, beside them, the whitening, as `load_student` reads it.

    The whitening stays in float32: it is small, and embeddings of one network must not differ.
    """
    state = student.state_dict()
    weights = {name: v.half() for name, v in state.items() if not name.endswith(NOT_STORED)}
    _write(weights, path)
    _write({name: state[name].clone() for name in WHITENING}, whitening_beside(path))


def whitening_beside(checkpoint: Path) -> Path:
    """Return where the whitening of a .safetensors checkpoint is kept.

    >>> whitening_beside(Path("weights/student-1.safetensors")).name
    'student-1.whitening.safetensors'
    """
    return checkpoint.with_suffix(".whitening.safetensors")


def is_whitened(student: Student) -> bool:
    """Return whether the whitening was fitted: a new network's mean is zero."""
    return bool(student.encoder.mean.any())


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return {name: value.float() for name, value in load_file(path).items()}
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; expected a checkpoint of the student") from None
    except Exception as error:  # safetensors has no base class for what it raises
        raise DataError(f"{path} cannot be read as .safetensors: {error}") from error


def _average(path: Path) -> dict[str, Tensor]:
    try:
        found = torch.load(path, weights_only=True, map_location="cpu")
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; expected a checkpoint of the student") from None
    except Exception as error:  # zip, pickle and torch each raise their own
        raise DataError(f"{path} cannot be read as a PyTorch checkpoint: {error}") from error
    average = found.get("average") if isinstance(found, dict) else None
    if not isinstance(average, dict):
        raise DataError(f"{path} must be a student.pt with averaged weights, got another file")
    return average


def _write(tensors: Mapping[str, Tensor], path: Path) -> None:
    durable.write_file(path, save(dict(tensors)))
