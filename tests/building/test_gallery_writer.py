"""Shards that come out as one array."""

import numpy as np
import pytest

from edgegeo.building.gallery_writer import (
    Shard,
    ShardCounts,
    assemble,
    shard_counts,
    write_shard,
)
from edgegeo.errors import EngineError
from edgegeo.gallery import FILES, TILE_DTYPE, open_gallery
from edgegeo.manifest import sha256_of


def random_shard(seed: int, rows: int) -> Shard:
    rng = np.random.default_rng(seed)
    tiles = np.zeros(rows, TILE_DTYPE)
    tiles["lat_deg"] = rng.uniform(50, 60, rows)
    arrays = {
        "embeddings": rng.integers(-127, 127, (rows, 6), np.int8),
        "embedding_scales": rng.random(rows, np.float32),
        "tokens": rng.integers(-127, 127, (rows, 4, 3), np.int8),
        "token_scales": rng.random(rows, np.float32),
        "tiles": tiles,
        "thumbnails": rng.integers(0, 255, (rows, 32, 32, 3), np.uint8),
    }
    return Shard(arrays, ShardCounts(rows, uncovered=1, plain=2))


def test_shards_come_out_as_one_gallery(tmp_path):
    shards = [random_shard(0, 5), Shard({}, ShardCounts(0, 7, 0)), random_shard(1, 3)]
    paths = [tmp_path / f"{n}.npz" for n in range(3)]
    for path, shard in zip(paths, shards, strict=True):
        write_shard(path, shard)

    records = assemble(paths, tmp_path / "gallery")

    gallery = open_gallery(tmp_path / "gallery", tiles=8, tokens=4, tile_m=40.0)
    expected = np.concatenate([shards[0].arrays["tokens"], shards[2].arrays["tokens"]])
    np.testing.assert_array_equal(gallery.tokens, expected)
    assert records.keys() == {f"{name}.npy" for name in FILES}
    for name, record in records.items():
        assert record.sha256 == sha256_of(tmp_path / "gallery" / name)
        assert record.bytes == (tmp_path / "gallery" / name).stat().st_size


def test_counts_are_read_back_and_a_cut_shard_counts_as_missing(tmp_path):
    path = tmp_path / "0.npz"
    assert shard_counts(path) is None
    write_shard(path, random_shard(0, 5))
    assert shard_counts(path) == ShardCounts(5, 1, 2)
    path.write_bytes(path.read_bytes()[:-100])
    assert shard_counts(path) is None
    with pytest.raises(EngineError, match=r"0\.npz cannot be read"):
        assemble([path], tmp_path / "gallery")
