"""The parity check: fixed patterns, and networks that must keep their contract."""

import numpy as np
import pytest

from edgegeo.errors import EngineError
from edgegeo.reference import reference_images, run_reference
from tests.tiny_model import write_model


def test_the_patterns_never_change():
    images = reference_images(16)
    assert images.shape == (4, 4, 16, 16)
    assert images.dtype == np.float32
    colours = np.rint((images[0, :3, 2, 5] * 0.25 + 0.5) * 255).tolist()
    assert colours == [(15 ^ 2 * k) + 5 * 2 // 7 for k in (5, 6, 7)]
    assert images[3, :, 0, 0].tolist() == [0, 0, 0, 0]


def test_both_networks_run(tmp_path):
    arrays = run_reference(write_model(tmp_path), 32, 4)
    assert arrays["encoder.out.tokens"].shape == (4, 16, 8)
    assert arrays["ranker.out.offset"].shape == (4, 2)
    relevance = arrays["ranker.out.relevance"]
    assert relevance.argmax() == 0  # the query itself is among the candidates


@pytest.mark.parametrize(
    ("px", "grid", "message"), [(32, 8, "must give tokens as"), (64, 4, "do not fit")]
)
def test_a_network_of_another_size_is_refused(tmp_path, px, grid, message):
    with pytest.raises(EngineError, match=message):
        run_reference(write_model(tmp_path), px, grid)


def test_a_network_without_an_output_is_refused(tmp_path):
    folder = write_model(tmp_path)
    (folder / "encoder.onnx").write_bytes((folder / "ranker.onnx").read_bytes())
    with pytest.raises(EngineError, match="do not fit"):
        run_reference(folder, 32, 4)
