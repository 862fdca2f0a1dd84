"""A small, fixed retrieval and re-ranking task on a city the weights never learn from."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edgegeo.learn import pairs_of_views as views
from edgegeo.learn import places
from edgegeo.models.ranker import Ranker
from edgegeo.models.student import Student


class Validation:
    """Frames from each place's newest view, a gallery of every place's oldest view.

    Tiles of `tile_m` at half overlap; frames with heading errors of 10 degrees and scale errors
    of 10 % (one sigma), up to 15 degrees of tilt. A candidate is right within half a tile.
    """

    def __init__(self, folder: Path, tile_m: float = 48.0, per_place: int = 3) -> None:
        rng = np.random.default_rng(7)
        tiles, frames, self.tile_at, self.frame_at = [], [], [], []
        self.tile_m, flat = tile_m, np.eye(3)
        for number, place in enumerate(places.naip(folder)):
            half = len(place.views[0]) * place.gsd_m / 2
            steps = np.linspace(-(half - tile_m / 2), half - tile_m / 2, 5)
            for centre in np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2):
                tile = views.crop(place, 0, centre, flat, flat, tile_m, 128)
                tiles.append(views.network_input(*tile))
                self.tile_at.append((number * 1e4 + centre[0], centre[1]))
            for _ in range(per_place):
                centre = rng.uniform(-(half - 0.75 * tile_m), half - 0.75 * tile_m, 2)
                turn, scale = rng.normal(0, 10), float(np.exp(rng.normal(0, 0.1)))
                seen = views.camera(turn, scale, rng.uniform(0, 15), rng, 1.3 * tile_m)
                frames.append(views.picture(place, -1, centre, flat, seen, tile_m, 128, rng, True))
                self.frame_at.append((number * 1e4 + centre[0], centre[1]))
        self.tiles = torch.from_numpy(np.stack(tiles))
        self.frames = torch.from_numpy(np.stack(frames))

    @torch.no_grad()
    def measure(self, student: Student, k: int = 32) -> dict[str, float]:
        student.eval()
        tiles, tile_tokens, _ = encode(student, self.tiles)
        _, frame_tokens, moved = encode(student, self.frames)
        ranker = Ranker(student.relation, student.encoder.config).eval()
        apart = torch.cdist(torch.tensor(self.frame_at).float(), torch.tensor(self.tile_at).float())
        right = apart < self.tile_m / 2
        cosine, move = (moved @ tiles.T).max(1)
        found = cosine.topk(k).indices
        hit = right.gather(1, found)
        first, errors = [], []
        for row, ids in enumerate(found):
            copy = torch.zeros(k, dtype=torch.long)
            pairs = (frame_tokens[row : row + 1], copy, move[row, ids], tile_tokens[ids])
            relevance, offset, *_ = ranker(*pairs)
            best = int(relevance.argmax())
            first.append(float(hit[row, best]))
            tile = np.array(self.tile_at[ids[best]])
            at = tile + offset[best].numpy() * np.array([1, -1]) * self.tile_m
            errors.append(float(np.hypot(*(at - np.array(self.frame_at[row])))))
        student.train()
        return {
            "recall_at_1": float(hit[:, 0].float().mean()),
            f"recall_at_{k}": float(hit.any(1).float().mean()),
            "reranked": float(np.mean(first)),
            "within_5m": float(np.mean(np.array(errors) < 5)),
            "median_m": float(np.median(errors)),
        }


def encode(student: Student, images: Tensor) -> tuple[Tensor, ...]:
    parts = [student.encoder(part)[:3] for part in torch.split(images, 64)]
    return tuple(torch.cat(outputs) for outputs in zip(*parts, strict=True))
