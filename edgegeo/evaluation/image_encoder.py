"""Any ONNX encoder, ours or another's, over the pictures of a benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgegeo.backends import Runner
from edgegeo.backends.onnxruntime import Session
from edgegeo.building.progress import Progress
from edgegeo.datasets.pictures import Fit, Picture
from edgegeo.errors import DataError, EngineError, MapError, RangeError
from edgegeo.model_folder import ENCODER, open_model
from edgegeo.preprocess import network_input

BATCH = 32
IMAGENET_MEAN = (0.485, 0.456, 0.406)  # what the field's encoders are trained with
IMAGENET_STD = (0.229, 0.224, 0.225)


class Named(Protocol):
    """A picture with a name to call it by: a Query or a GalleryImage."""

    @property
    def id(self) -> str: ...
    @property
    def picture(self) -> Picture: ...


@dataclass(frozen=True, kw_only=True)
class ImageEncoder:
    """A network from `image` (b, 3 or 4, px, px) float32 to one row a picture.

    With a `mean` and a `std`, colours are (value / 255 - mean) / std, red first; without, the
    input is `preprocess.network_input` with its fourth channel, the coverage. `batch` is set
    for a network that takes so many pictures at once, no more and no fewer.
    """

    runner: Runner
    name: str
    image: str
    embedding: str
    px: int
    batch: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def encode(
        self, images: Sequence[Named], *, what: str, fit: Fit, skip_bad: bool, progress: bool
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Return unit rows (n, d) float32 and the numbers of the images that have none.

        An image that is missing or damaged is a DataError or a MapError, or with `skip_bad`
        one of those numbers. EngineError, with the image's id, where the network gives no
        direction: not finite, or nothing but zeros.
        """
        rows: list[NDArray[np.float32]] = []
        bad: list[int] = []
        pending: list[tuple[str, NDArray[np.float32]]] = []
        at_once = self.batch or BATCH
        counter = Progress(f"encode {what}", len(images), progress)
        for number, image in enumerate(images):
            try:
                pending.append((image.id, self._input(*image.picture.square(self.px, fit))))
            except (DataError, MapError):
                if not skip_bad:
                    raise
                bad.append(number)
            if len(pending) == at_once or (pending and number == len(images) - 1):
                rows.append(self._rows(pending))
                pending.clear()
            counter.update(number + 1)
        if not rows:
            raise DataError(f"none of the {len(images)} {what} can be read")
        return np.concatenate(rows), bad

    def _input(self, rgb: NDArray[np.uint8], valid: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.mean is None or self.std is None:
            return network_input(rgb, valid)
        mean, std = np.asarray(self.mean, np.float32), np.asarray(self.std, np.float32)
        scaled = (rgb.astype(np.float32) / np.float32(255) - mean) / std
        return np.ascontiguousarray(scaled.transpose(2, 0, 1))

    def _rows(self, pending: Sequence[tuple[str, NDArray[np.float32]]]) -> NDArray[np.float32]:
        inputs = np.stack([array for _, array in pending])
        if self.batch is not None:
            short = self.batch - len(inputs)
            inputs = np.concatenate([inputs, np.zeros((short, *inputs.shape[1:]), np.float32)])
        found = self.runner.run({self.image: inputs})
        if self.embedding not in found:
            raise EngineError(f"{self.name} has no output {self.embedding!r}, only {[*found]}")
        rows = np.asarray(found[self.embedding], np.float32)[: len(pending)]
        if rows.ndim != 2 or len(rows) != len(pending):
            raise EngineError(f"{self.name}: {self.embedding} must be (b, d), got {rows.shape}")
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        wrong = ~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0)
        if wrong.any():
            raise EngineError(
                f"{self.name} gives no direction for {pending[int(wrong.argmax())][0]}: "
                "its embedding is not finite, or all zeros"
            )
        return np.asarray(rows / lengths, np.float32)


def encoder_of_model(folder: Path, threads: int = 0) -> ImageEncoder:
    """Take the encoder of a model folder of ours; `edgegeo/model` is the shipped one."""
    model = open_model(folder)
    session = Session(model.path / ENCODER, threads)
    for name, there in (("image", session.input_shapes), ("embedding", session.output_shapes)):
        if name not in there:
            raise EngineError(f"{session.path} must have {name}, it has {[*there]}")
    return ImageEncoder(
        runner=session, name=model.model_id, image="image", embedding="embedding", px=model.px
    )


def encoder_of_onnx(
    path: Path,
    *,
    px: int | None = None,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    output: str | None = None,
    threads: int = 0,
) -> ImageEncoder:
    """Take any encoder of one input (b, 3, px, px) float32.

    `px` is needed where the file leaves it open; `output` is the first one by default.
    """
    session = Session(path, threads)
    inputs = [*session.input_shapes.items()]
    if len(inputs) != 1 or len(inputs[0][1]) != 4 or inputs[0][1][1] not in (3, None):
        raise EngineError(f"{path} must have one input (b, 3, px, px), got {inputs}")
    name, (batch, _, high, wide) = inputs[0]
    px = wide if px is None and isinstance(wide, int) else px
    if px is None:
        raise EngineError(f"{path} takes images of any size: say which with --px")
    if any(isinstance(side, int) and side != px for side in (high, wide)):
        raise EngineError(f"{path} takes images of {wide} x {high}, not {px} x {px}")
    if px < 1:
        raise RangeError.of("px", "at least 1", px)
    if len(mean) != 3 or len(std) != 3 or not min(std) > 0:
        raise RangeError.of("mean and std", "three numbers each, std above 0", (mean, std))
    return ImageEncoder(
        runner=session,
        name=path.name,
        image=name,
        embedding=output or next(iter(session.output_shapes)),
        px=px,
        batch=batch if isinstance(batch, int) else None,
        mean=tuple(mean),
        std=tuple(std),
    )
