"""Tiles to rows: order, batches, and what is left out."""

import numpy as np
import pytest

from edgegeo.building import tile_encoder
from edgegeo.building.tile_encoder import BATCH, Centres, TileEncoder, fillable
from edgegeo.errors import EngineError
from edgegeo.maps.arraymap import ArrayRaster
from tests.sample_engine import GSD_M, LAT, LON, sample_map


class MeanColour:
    """A network whose embedding is the mean of each channel; remembers its batches."""

    def __init__(self):
        self.batches = []

    def run(self, inputs):
        image = inputs["image"]
        self.batches.append(len(image))
        mean = image.mean(axis=(2, 3))
        return {"embedding": mean, "tokens": mean[:, None, :]}


def centres(n: int) -> Centres:
    return Centres(LAT + 1e-6 * np.arange(n), np.full(n, LON), np.zeros(n, np.int32))


def test_tiles_are_encoded_in_batches_and_stay_in_order():
    network = MeanColour()
    shard = TileEncoder(network, [sample_map()], 40.0, 32).encode(centres(BATCH + 3))
    assert network.batches == [BATCH, 3]
    assert shard.counts == (BATCH + 3, 0, 0)
    assert shard.arrays["tiles"]["lat_deg"].tolist() == centres(BATCH + 3).lat_deg.tolist()
    assert {len(array) for array in shard.arrays.values()} == {BATCH + 3}


def test_nothing_to_keep_gives_an_empty_shard():
    flat = ArrayRaster(np.full((100, 100, 3), 7, np.uint8), None, LAT, LON, GSD_M)
    shard = TileEncoder(MeanColour(), [flat], 40.0, 32).encode(centres(2))
    assert shard.counts == (0, 0, 2)
    assert len(shard.arrays["tiles"]) == 0


def test_a_network_that_gives_nan_is_an_error(monkeypatch):
    monkeypatch.setattr(MeanColour, "run", lambda *_: {"embedding": np.array([np.nan])})
    with pytest.raises(EngineError, match="not finite"):
        TileEncoder(MeanColour(), [sample_map()], 40.0, 32).encode(centres(1))


def test_a_small_raster_can_fill_only_its_share():
    assert fillable(sample_map().bounds, 40.0) == 1
    assert fillable(sample_map().bounds, 300.0) == pytest.approx(0.25, rel=1e-3)
    assert tile_encoder.MIN_COVERAGE == 0.6
