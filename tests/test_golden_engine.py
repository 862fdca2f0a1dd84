"""Engines of the format that is flown still open and mean the same; older ones are refused.

A golden engine is written once, when the format version rises, and never again:

    python -m tests.golden_engine
"""

import numpy as np
import pytest

from edgegeo.engine import open_engine
from edgegeo.errors import EngineError
from edgegeo.localizer import Localizer
from edgegeo.manifest import FORMAT_VERSION
from edgegeo.types import Prior
from tests.golden_engine import GOLDEN
from tests.sample_engine import sample_map

FLOWN = [2]  # by this edgegeo


@pytest.mark.parametrize("version", FLOWN)
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


@pytest.mark.parametrize("version", FLOWN)
def test_a_golden_engine_flies(version):
    localizer = Localizer(GOLDEN / f"v{version}.edgegeo", threads=1)
    gallery = localizer.gallery
    rgb, _ = sample_map().crop(gallery.lat_deg[2], gallery.lon_deg[2], 100.0, 200)
    fix = localizer.locate(rgb, heading_deg=0.0, gsd_m=0.5, rgb=True)
    assert fix.candidates[0].tile == 2


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION))
def test_an_older_golden_engine_is_to_be_built_again(version):
    with pytest.raises(EngineError, match=f"format version {version}.*build the engine again"):
        open_engine(GOLDEN / f"v{version}.edgegeo")


def test_the_format_that_is_written_has_its_golden_engine():
    assert max(FLOWN) == FORMAT_VERSION
