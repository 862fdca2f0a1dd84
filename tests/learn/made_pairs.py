"""Lists of candidates made of numbers: what a relation would see of them, and what is true."""

import numpy as np

from edgegeo.learn.candidate_file import Candidates, write_candidates
from edgegeo.learn.encoded_pairs import SeenPairs

SIDE, TILE_M = 13, 48.0


def made_pairs(queries=24, candidates=4, seed=0):
    """SeenPairs of which every list has one truth, whose cosine has a peak 2 tokens to the east.

    Wrong tiles have a higher mean cosine and no peak, so that the peak must be heeded. Every
    sixth truth was forced in: it stands last, and counts as not retrieved.
    """
    rng = np.random.default_rng(seed)
    shape = (queries, candidates)
    forced = np.arange(queries) % 6 == 5
    place = np.where(forced, candidates - 1, rng.integers(0, candidates - 1, queries))
    is_truth = np.arange(candidates) == place[:, None]
    cosine = rng.normal(0.2, 0.05, (*shape, SIDE, SIDE))
    cosine[is_truth] -= 0.1
    cosine[is_truth, SIDE // 2, SIDE // 2 + 2] += 0.6
    offset = np.where(is_truth[..., None], [2 / 16, 0.0], np.nan).astype(np.float32)
    rows = np.tile(np.arange(candidates, dtype=np.int32), (queries, 1))
    found = Candidates(
        query_ids=tuple(f"q{i}" for i in range(queries)),
        gallery_ids=tuple(f"g{i}" for i in range(candidates)),
        rows=rows,
        scores=np.tile(np.linspace(0.9, 0.1, candidates, dtype=np.float32), (queries, 1)),
        is_truth=is_truth,
        forced=forced,
        similarity=np.where(is_truth, 1, 0.3).astype(np.float32),
        overlap=np.where(is_truth, 0.9, 0).astype(np.float32),
        distance_m=np.where(is_truth, 6, 500).astype(np.float32),
        provenance={"set": "made", "folder": "nowhere", "split": "none"},
    )
    return SeenPairs(
        candidates=found,
        blocks=tuple(f"place {i // 4}" for i in range(queries)),
        seen=(cosine.astype(np.float16), np.ones(cosine.shape, np.float16)),
        offset=offset,
        tile_m=TILE_M,
    )


def written(pairs, path):
    write_candidates(path, pairs.candidates)
    return path
