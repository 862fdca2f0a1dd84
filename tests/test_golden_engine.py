"""Engines of every format version that was ever released still open, and mean the same."""

from pathlib import Path

import numpy as np
import pytest

from edgegeo.engine import open_engine
from edgegeo.types import Prior

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("version", [1])
def test_a_golden_engine_opens(version):
    engine = open_engine(GOLDEN / f"v{version}.edgegeo", verify="all")
    assert engine.check_reference() <= 1e-3
    gallery = engine.gallery
    assert (len(gallery), gallery.tile_m, engine.manifest.px) == (4, 100.0, 16)
    assert engine.manifest.calibration == {"temperature": 1.0, "accept": 0.5}
    assert engine.manifest.maps[0].licence == "CC0"
    np.testing.assert_allclose(gallery.lat_deg, 59.4, atol=3e-4)
    assert gallery.rows_within(Prior(59.4, 24.7, 500.0)).tolist() == [[0, 4]]
    unit = gallery.embeddings * gallery.embedding_scales[:, None]
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=0.02)
